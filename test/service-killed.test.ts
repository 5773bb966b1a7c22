/** Kills the whole service while an adapter writes. Afterwards all acknowledged changes exist, and no refused ones. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { migrated, run, serve } from './support/command-line.ts';
import { until } from './support/pool.ts';
import { openSqlite } from './support/sqlite.ts';

/** `bench/crash.ts` does this two hundred times, with more connections. */
const ROUNDS = 4;
const CONNECTIONS = 8;
/** Requests answered before a kill. Each round has more of them, so that the kill comes at another moment. */
const FIRST_KILL_AFTER = 20;
const VICTIMS = ['parent', 'all', 'children'] as const;

interface Sent {
  jobId: number;
  kind: 'start' | 'stop';
  /** 0: the connection broke before there was an answer. */
  status: number;
  code: string;
}

test('a service killed at any moment has kept what it acknowledged, and nothing that it refused', async () => {
  const cwd = await migrated();
  await run(cwd, ['generate', '--jobs', '200', '--seed', '1', '--archived', '0']);
  const sent: Sent[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { service, url } = await serve(cwd);
    const pids = await processesOf(url);
    const before = sent.length;
    const load = adapter(url, (round + 1) * 1_000_000, sent);
    await until(() => sent.length >= before + FIRST_KILL_AFTER + round * 15, 10_000);
    const victim = VICTIMS[round % VICTIMS.length];
    if (victim !== 'parent') for (const pid of pids) process.kill(pid, 'SIGKILL');
    // Without the children, some further requests are sent and answered.
    const killedAt = sent.length;
    if (victim === 'children') await until(() => sent.length >= killedAt + CONNECTIONS, 10_000);
    service.child.kill('SIGKILL');
    expect(await service.ended).toBe('SIGKILL');
    await load;
  }
  const db = openSqlite(join(cwd, 'var/job.db'));
  const all = async (sql: string): Promise<Record<string, unknown>[]> => await (await db.prepare(sql)).all([]);
  expect(await all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  const rows = await all('SELECT job_id AS id, job_state AS state FROM job WHERE job_id >= 1000000');
  db.close();
  const there = new Map(rows.map((row) => [row['id'], row['state']]));
  expect(there.size).toBe(rows.length); // none is duplicated
  const acknowledged = sent.filter(({ status }) => status === 200 || status === 201);
  expect(acknowledged.length).toBeGreaterThan(50);
  for (const { jobId, kind } of acknowledged) {
    expect(there.get(jobId), `${kind} of ${jobId}`).toBeOneOf(
      kind === 'start' ? ['running', 'completed'] : ['completed'],
    );
  }
  const refused = sent.filter(({ status, code }) => status > 201 && code !== 'outcome_unknown');
  for (const { jobId, kind, code } of refused) {
    expect(there.get(jobId), `${kind} of ${jobId}: ${code}`).not.toBe(kind === 'start' ? 'running' : 'completed');
  }
});

async function processesOf(url: string): Promise<number[]> {
  const { database } = (await (await fetch(`${url}/api/system`)).json()) as {
    database: { processes: { pid: number }[] };
  };
  return database.processes.map(({ pid }) => pid);
}

/** Starts and stops jobs until the service is gone. */
async function adapter(url: string, firstId: number, sent: Sent[]): Promise<void> {
  let next = firstId;
  const send = async (jobId: number, kind: Sent['kind'], body: object): Promise<boolean> => {
    try {
      const answer = await fetch(`${url}/api/jobs/${kind}_job/`, { method: 'POST', body: JSON.stringify(body) });
      const { code = '' } = (await answer.json()) as { code?: string };
      sent.push({ jobId, kind, status: answer.status, code });
      return true;
    } catch {
      sent.push({ jobId, kind, status: 0, code: '' });
      return false;
    }
  };
  const connection = async () => {
    for (;;) {
      const jobId = next++;
      const start = { jobId, cluster: 'fern', user: 'ada', numNodes: 1, resources: [{ hostname: 'f0001' }] };
      if (!(await send(jobId, 'start', { ...start, startTime: 1_790_000_000 }))) return;
      if (!(await send(jobId, 'stop', { jobId, stopTime: 1_790_000_100 }))) return;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
}
