import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeKeys } from '../../src/http/auth/signing-keys.ts';
import { migrated, OPEN, run, serve, start } from '../support/command-line.ts';
import { testFolder } from '../support/folder.ts';

test('shows a running service, with a token of its own, as lines and as JSON', async () => {
  const cwd = await migrated();
  const { stdout: keys } = await run(cwd, ['keys']);
  writeFileSync(join(cwd, '.env'), keys);
  const { url } = await serve(cwd, { AUTH: 'jwt' });
  const env = { PORT: new URL(url).port };
  const [lines, json] = await Promise.all([run(cwd, ['status'], env), run(cwd, ['status', '--json'], env)]);
  expect({ code: lines.code, stderr: lines.stderr }).toEqual({ code: 0, stderr: '' });
  expect(lines.stdout).toMatch(new RegExp(`^service +${url}: ok, up for [\\d.]+ s\n`));
  expect(lines.stdout).toMatch(/^counters +no timeouts, kills or crashes$/m);
  expect(lines.stdout).toMatch(/^ +\d+ {2}writer +(idle|busy) +\d+ +[\d.]+ s +\d+/m);
  expect(JSON.parse(json.stdout)).toMatchObject({ degraded: [], database: { alive: true } });

  // From another machine, which has no settings.
  const admin = (await run(cwd, ['token', '--user', 'root', '--roles', 'admin,api'])).stdout.trim();
  const remote = await run(testFolder(), ['status', '--url', url, '--token', admin]);
  expect(remote).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^service .*: ok/) });

  // A refused report whose job has a control character, which a terminal must not get.
  const token = (await run(cwd, ['token', '--user', 'robot', '--roles', 'api'])).stdout.trim();
  const body = JSON.stringify({ jobId: '1\u001b[2J', cluster: 'none' });
  const refused = await fetch(`${url}/api/jobs/start_job/`, {
    method: 'POST',
    headers: { 'X-Auth-Token': token },
    body,
  });
  expect(refused.status).toBe(400);
  const after = await run(cwd, ['status', '--url', `${url}/`], env);
  expect(after.stdout).toMatch(/^refused +1 start and 0 stops of jobs; the last, /m);
  expect(after.stdout).not.toContain('\u001b');
  await fetch(`${url}/api/jobs/start_job/`, { method: 'POST', headers: { 'X-Auth-Token': token }, body: '{' });
  expect((await run(cwd, ['status', '--url', url], env)).stdout).toMatch(
    /^refused +2 starts and 0 stops of jobs; the last, \S+: start of a job whose id could not be read: /m,
  );
});

test('says why it cannot', async () => {
  const cwd = await migrated();
  const { publicKey } = await makeKeys();
  const cases: [string[], Record<string, string>, RegExp][] = [
    [[], { ...OPEN, PORT: '1' }, /http:\/\/127\.0\.0\.1:1 does not answer/],
    [['--url', 'ftp://x'], OPEN, /--url must be an address/],
    [[], { JWT_PUBLIC_KEY: publicKey }, /JWT_PRIVATE_KEY is not set/],
  ];
  for (const [args, env, why] of cases)
    expect(await run(cwd, ['status', ...args], env)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(why),
    });
  const { url } = await serve(cwd, { AUTH: 'jwt', JWT_PUBLIC_KEY: publicKey });
  expect(await run(cwd, ['status', '--url', url, '--token', 'x.y.z'], OPEN)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`${url} answers with 401`),
  });
});

test('--watch shows it until Ctrl-C', async () => {
  const cwd = await migrated();
  const { url } = await serve(cwd);
  const watching = start(cwd, ['status', '--watch'], { ...OPEN, PORT: new URL(url).port });
  await expect.poll(() => watching.stdout().match(/^service/gm)?.length).toBe(2);
  watching.child.kill('SIGINT');
  expect(await watching.ended).toBe(0);
});
