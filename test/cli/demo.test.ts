import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../../src/dev/servers/free-port.ts';
import { start } from '../support/command-line.ts';
import { testFolder } from '../support/folder.ts';
import { cookieOf } from '../support/login.ts';

/** Starts the demo. Returns its output up to the moment at which it serves. */
async function demo(cwd: string, env: Record<string, string>) {
  const service = start(cwd, ['demo'], { PORT: '0', ...env });
  while (!service.stdout().includes('Press Ctrl-C to stop.')) {
    const over = await Promise.race([
      service.ended.then(() => true),
      new Promise((resolve) => setTimeout(resolve, 50)),
    ]);
    if (over === true) throw new Error(`it ended: ${service.stderr()}`);
  }
  return service;
}

test('the demo prints a link that logs a browser in as an admin, on loopback alone', async () => {
  const cwd = testFolder();
  const local = await demo(cwd, {});
  const [link = '', url = ''] = /(http:\/\/127\.0\.0\.1:\d+)\/jwt-login\?login-token=\S+/.exec(local.stdout()) ?? [];
  const login = await fetch(link, { redirect: 'manual' });
  expect([login.status, login.headers.get('Location')]).toEqual([302, '/']);
  const page = await fetch(`${url}/system`, { headers: { Cookie: cookieOf(login) } });
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<bdi>demo</bdi>')]);
  const headers = { Cookie: cookieOf(login), 'X-Requested-With': 'cc-jobs' };
  expect(await (await fetch(`${url}/api/jobs/count`, { headers })).json()).toEqual({ count: 100_000 });
  local.child.kill('SIGTERM');
  expect(await local.ended).toBe(0);
  const open = await demo(cwd, { HOST: '0.0.0.0' });
  expect(open.stdout()).not.toContain('login-token');
  open.child.kill('SIGTERM');
  expect(await open.ended).toBe(0);
});

test.each(['demo', 'edge'])(
  'Ctrl-C while %s makes its jobs ends it at once, and leaves nothing half made',
  async (command) => {
    const cwd = testFolder();
    const making = start(cwd, [command], { PORT: String(await freePort()) });
    await making.says(/generating 100,000 jobs/);
    await expect.poll(() => existsSync(join(cwd, 'var/demo.unfinished/job.db')), { timeout: 20_000 }).toBe(true);
    making.child.kill('SIGINT');
    expect(await making.ended).toBe(130);
    expect(making.stderr()).toMatch(
      /\nstopped before the demo database was complete: the next start creates it again\n$/,
    );
    expect(making.stderr()).not.toMatch(/building index|--seed 1 --end \d+ to continue/);
    expect(readdirSync(join(cwd, 'var'))).toEqual([]);
  },
);
