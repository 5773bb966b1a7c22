import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeKeys } from '../../src/http/auth/signing-keys.ts';
import { makeToken } from '../../src/http/auth/token.ts';
import type { SystemState } from '../../src/system-state-types.ts';
import { writeFiles } from '../support/archive.ts';
import { migrated, type Running, start } from '../support/command-line.ts';
import { smallCluster } from '../support/small-cluster.ts';

const METRICS_TOKEN = 'a-token-for-the-scraper';

/** A service whose settings are all in `.env`, with the cluster `small`. */
async function service() {
  const cwd = await migrated();
  const archive = join(cwd, 'var/job-archive');
  await writeFiles(archive, { 'small/cluster.json': smallCluster() });
  const configure = (settings: Record<string, string>) => {
    const all = { PORT: '0', METRICS_TOKEN, ...settings };
    writeFileSync(
      join(cwd, '.env'),
      Object.entries(all)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
  };
  const begin = async (settings: Record<string, string>) => {
    configure(settings);
    const running = start(cwd, ['serve']);
    const [, url = ''] = await running.says(/"url":"([^"]+)"/);
    return { running, url };
  };
  return { archive, configure, begin };
}

const nowSec = () => Math.floor(Date.now() / 1000);
const asRobot = async (privateKey: string) => ({
  'X-Auth-Token': await makeToken(privateKey, { user: 'robot', roles: ['api', 'admin'] }, nowSec()),
});

/** Sends SIGHUP, and returns the line of the log that follows. */
async function reload(running: Running): Promise<Record<string, unknown>> {
  const before = running.stderr().length;
  running.child.kill('SIGHUP');
  const line = new RegExp(
    `^[\\s\\S]{${before}}[\\s\\S]*?(\\{[^\\n]*"msg":"(?:reloaded|the reload was refused)[^\\n]*)\\n`,
  );
  const [, text = ''] = await running.says(line);
  return JSON.parse(text);
}

const startBody = (cluster: string, jobId: number) =>
  JSON.stringify({ jobId, cluster, user: 'ada', numNodes: 1, resources: [{ hostname: 'n01' }], startTime: nowSec() });

test('SIGHUP replaces keys and clusters, and no request fails', async () => {
  const { archive, configure, begin } = await service();
  const [oldKeys, newKeys] = [await makeKeys(), await makeKeys()];
  const { running, url } = await begin({ JWT_PUBLIC_KEY: oldKeys.publicKey });
  const [asOld, asNew] = [await asRobot(oldKeys.privateKey), await asRobot(newKeys.privateKey)];
  const statusOf = async (path: string, headers: Record<string, string>, body?: string) =>
    (await fetch(url + path, { headers, ...(body === undefined ? {} : { method: 'POST', body }) })).status;
  const system = async () => (await (await fetch(`${url}/api/system`, { headers: asNew })).json()) as SystemState;
  const pidsIn = ({ database }: SystemState) => database.processes.map(({ pid }) => pid).sort();

  // Requests all the time, each as soon as its predecessor is answered.
  let valid: readonly Record<string, string>[] = [asOld];
  const rounds = Array.from({ length: 6 }, () => 0);
  const failed: unknown[] = [];
  let isOver = false;
  const scraper = { Authorization: `Bearer ${METRICS_TOKEN}` };
  const load = async (_: unknown, index: number) => {
    while (!isOver) {
      const tokens = valid; // while the key changes, one of two tokens is refused
      for (const headers of tokens) {
        const status = await statusOf('/api/jobs/?items-per-page=5', headers).catch(String);
        if (status !== 200 && (tokens.length === 1 || status !== 401)) failed.push(status);
      }
      const scraped = await statusOf('/metrics', scraper).catch(String);
      if (scraped !== 200) failed.push(scraped);
      rounds[index] = (rounds[index] ?? 0) + 1;
    }
  };
  const loads = rounds.map(load);
  onTestFinished(() => {
    isOver = true;
  });
  /** Sends requests with these tokens only. Resolves when none with others are in flight. */
  const sendWith = async (...tokens: Record<string, string>[]) => {
    valid = tokens;
    const before = [...rounds];
    const isDone = () => rounds.every((count, index) => count > (before[index] ?? 0));
    while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  // A request that is identified with the old key, and whose body arrives after the reload.
  const body = startBody('small', 1);
  const late = request(`${url}/api/jobs/start_job/`, {
    method: 'POST',
    headers: { ...asOld, 'Content-Length': body.length, Expect: '100-continue' },
  });
  const lateAnswer = once(late, 'response') as Promise<[IncomingMessage]>;
  late.flushHeaders();
  await once(late, 'continue');

  expect(await statusOf('/api/jobs/count', asNew)).toBe(401);
  expect(await statusOf('/api/jobs/start_job/', asOld, startBody('second', 2))).toBe(400);
  configure({ JWT_PUBLIC_KEY: newKeys.publicKey });
  await writeFiles(archive, { 'second/cluster.json': { ...smallCluster(), name: 'second' } });
  await sendWith(asOld, asNew);
  expect(await reload(running)).toMatchObject({ changed: ['JWT_PUBLIC_KEY', 'clusters'] });
  await sendWith(asNew);
  expect([await statusOf('/api/jobs/count', asNew), await statusOf('/api/jobs/count', asOld)]).toEqual([200, 401]);
  expect(await statusOf('/api/jobs/start_job/', asNew, startBody('second', 2))).toBe(201);
  late.end(body);
  const [{ statusCode }] = await lateAnswer;
  expect(statusCode).toBe(201);
  const first = await system();
  expect(first.lastReload).toMatchObject({ isRefused: false, changed: ['JWT_PUBLIC_KEY', 'clusters'] });
  expect(first.refusedReports.starts).toBe(1); // counts and limits go on
  const metrics = await (await fetch(`${url}/metrics`, { headers: scraper })).text();
  expect(metrics).toContain('{method="POST",route="/api/jobs/start_job/",status="400"} 1\n');

  // What is not valid changes nothing, and the log has no secret.
  await writeFiles(archive, { 'second/cluster.json': '{"name":"second",' });
  const refusal = await reload(running);
  expect(refusal).toMatchObject({ msg: expect.stringContaining('refused') });
  expect(String(refusal['problems'])).toContain('second/cluster.json');
  expect(await (await fetch(`${url}/healthz`)).json()).toMatchObject({
    status: 'degraded',
    reason: expect.stringContaining('reload'),
  });
  expect(await statusOf('/api/jobs/start_job/', asNew, startBody('second', 3))).toBe(201);
  await writeFiles(archive, { 'second/cluster.json': { ...smallCluster(), name: 'second' } });
  const secret = 'c2VjcmV0c2VjcmV0';
  configure({ JWT_PUBLIC_KEY: newKeys.publicKey, SESSION_KEY: secret });
  expect(await reload(running)).toMatchObject({ problems: [expect.stringMatching(/^SESSION_KEY must/)] });
  expect(running.stderr()).not.toContain(secret);

  // Without the network of another port, and with the same database.
  configure({ JWT_PUBLIC_KEY: newKeys.publicKey, PORT: '1', SHORT_JOB_S: '1', STOP_SKEW_S: '60', LOG_LEVEL: 'warn' });
  expect(await reload(running)).toMatchObject({
    msg: 'reloaded; restart for: PORT, SHORT_JOB_S',
    changed: ['STOP_SKEW_S', 'LOG_LEVEL'],
  });
  const third = await system();
  expect(third.settings).toMatchObject({ PORT: 0, SHORT_JOB_S: 300, STOP_SKEW_S: 60, LOG_LEVEL: 'warn' });
  expect(third.lastReload).toMatchObject({ isRefused: false, restartFor: ['PORT', 'SHORT_JOB_S'] });
  expect(third.sources).toMatchObject({ PORT: '.env', SHORT_JOB_S: 'default', STOP_SKEW_S: '.env' });

  // Twenty at once. Each of them reads everything, or is one with its neighbours.
  configure({ JWT_PUBLIC_KEY: oldKeys.publicKey });
  await sendWith(asOld, asNew);
  for (let at = 0; at < 20; at += 1) {
    running.child.kill('SIGHUP');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await running.says(/"changed":\["JWT_PUBLIC_KEY","STOP_SKEW_S","LOG_LEVEL"\]/);
  await sendWith(asOld);
  await sendWith(asOld);
  isOver = true;
  await Promise.all(loads);
  expect(failed).toEqual([]);
  expect([await statusOf('/api/jobs/count', asOld), await statusOf('/api/jobs/count', asNew)]).toEqual([200, 401]);
  const last = (await (await fetch(`${url}/api/system`, { headers: asOld })).json()) as SystemState;
  expect(pidsIn(last)).toEqual(pidsIn(first)); // no process was replaced
  running.child.kill('SIGTERM');
  expect(await running.ended).toBe(0);
});
