import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Environment, run, serve, start } from './command-line.ts';
import { openSqlite } from './sqlite.ts';

/** Programs that use the file of a served database at the same time as the service. */
export const NEIGHBOURS = ['import', 'import and retention', 'a second service'] as const;
export type Neighbour = (typeof NEIGHBOURS)[number];

export interface SharedResult {
  /** Starts and stops acknowledged by the services. */
  acknowledged: number;
  /** Jobs that commands reported as imported. */
  imported: number;
  /** Jobs acknowledged or imported that are not in the file. */
  lost: number;
  /** Jobs in the file although a retention with exit code 0 deleted them. */
  undeleted: number;
  /** Responses other than 200 and 201, by code. */
  refused: Record<string, number>;
  /** How often a process was paused for some milliseconds. */
  pauses: number;
  /** The lines of integrity_check, including indexes that lack a row of their table. */
  integrity: string[];
}

const JOBS_PER_IMPORT = 400;
/** The start time (2010) of imported jobs that `retention` deletes. Other jobs start ten years later. */
const OLD = 1_262_304_000;
const RECENT = OLD + 10 * 365 * 86_400;
/** The service runs a checkpoint every second, commands run one at their end. */
const SERVICE: Environment = { CHECKPOINT_S: '1', JOB_CACHE_S: '1', DURATION_UPDATE_S: '10' };
const PAUSE_MS = 2;
const BETWEEN_PAUSES_MS = 6;

/**
 * Runs a service under an adapter's load together with another program on its file. Their processes pause at random.
 */
export async function besideService(cwd: string, neighbour: Neighbour, seconds: number): Promise<SharedResult> {
  const result = {
    acknowledged: 0,
    imported: 0,
    lost: 0,
    undeleted: 0,
    refused: {},
    pauses: 0,
    integrity: [] as string[],
  };
  const first = await serve(cwd, SERVICE);
  const services = [first, ...(neighbour === 'a second service' ? [await serve(cwd, SERVICE)] : [])];
  const endAt = performance.now() + seconds * 1000;
  const isOver = () => performance.now() > endAt;
  const roots = new Set<number>(services.flatMap(({ service }) => service.child.pid ?? []));
  const expected = new Map<number, 'running' | 'completed'>();
  const gone: number[] = [];
  const loads = services.flatMap(({ url }, nth) =>
    [0, 1].map((lane) => adapter(url, (2 * nth + lane + 1) * 10_000_000, isOver, expected, result)),
  );
  const commands =
    neighbour === 'a second service'
      ? []
      : [importsAndDeletes(cwd, neighbour, isOver, roots, { expected, gone, result })];
  result.pauses = await pausesUntil(isOver, roots);
  await Promise.all([...loads, ...commands]);
  for (const { service } of services) service.child.kill('SIGTERM');
  await Promise.all(services.map(({ service }) => service.ended));
  const db = openSqlite(join(cwd, 'var/job.db'));
  const rows = db.prepare('SELECT job_id AS id, job_state AS state FROM job NOT INDEXED').all() as {
    id: number;
    state: string;
  }[];
  const there = new Map(rows.map(({ id, state }) => [id, state]));
  for (const [id, state] of expected) if (there.get(id) !== state) result.lost += 1;
  for (const id of gone) if (there.has(id)) result.undeleted += 1;
  result.integrity = (db.prepare('PRAGMA integrity_check(5)').all() as { integrity_check: string }[]).map(
    (row) => row.integrity_check,
  );
  db.close();
  return result;
}

/** Starts and stops jobs, one request at a time. */
async function adapter(
  url: string,
  firstId: number,
  isOver: () => boolean,
  expected: Map<number, 'running' | 'completed'>,
  result: { acknowledged: number; refused: Record<string, number> },
): Promise<void> {
  const send = async (kind: 'start' | 'stop', body: object): Promise<boolean> => {
    const answer = await fetch(`${url}/api/jobs/${kind}_job/`, { method: 'POST', body: JSON.stringify(body) });
    const { code = '' } = (await answer.json()) as { code?: string };
    if (answer.ok) result.acknowledged += 1;
    else result.refused[code] = (result.refused[code] ?? 0) + 1;
    return answer.ok;
  };
  const list = await (await fetch(`${url}/api/jobs/?items-per-page=1`)).json();
  const [{ cluster, user, project, numNodes, resources }] = (list as { jobs: [Record<string, unknown>] }).jobs;
  for (let jobId = firstId; !isOver(); jobId += 1) {
    const key = { jobId, cluster, startTime: RECENT };
    const job = { ...key, user, project, numNodes, resources };
    if (!(await send('start', job))) continue;
    expected.set(jobId, 'running');
    if (await send('stop', { ...key, stopTime: RECENT + 60 })) expected.set(jobId, 'completed');
  }
}

interface Noted {
  expected: Map<number, 'running' | 'completed'>;
  gone: number[];
  result: { imported: number };
}

/** Repeatedly imports jobs and deletes the older half of them. */
async function importsAndDeletes(
  cwd: string,
  neighbour: Neighbour,
  isOver: () => boolean,
  roots: Set<number>,
  { expected, gone, result }: Noted,
): Promise<void> {
  for (let round = 0; !isOver(); round += 1) {
    const firstId = 500_000_000 + round * 10_000;
    const ids = Array.from({ length: JOBS_PER_IMPORT }, (_, nth) => firstId + nth);
    const isOld = (id: number) => neighbour !== 'import' && id % 2 === 0;
    writeFileSync(join(cwd, 'jobs.psv'), sacctOf(ids, isOld));
    await command(cwd, ['import', 'sacct', 'jobs.psv', '--cluster', 'shared'], roots);
    result.imported += ids.length;
    for (const id of ids) if (!isOld(id)) expected.set(id, 'completed');
    if (neighbour === 'import') continue;
    const days = Math.floor((Date.now() / 1000 - OLD) / 86_400) - 30;
    await command(cwd, ['retention', '--older-than', `${days}d`], roots);
    gone.push(...ids.filter(isOld));
  }
}

async function command(cwd: string, args: string[], roots: Set<number>): Promise<void> {
  const running = start(cwd, args);
  const pid = running.child.pid ?? 0;
  roots.add(pid);
  const code = await running.ended;
  roots.delete(pid);
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}: ${running.stderr()}`);
}

function sacctOf(ids: readonly number[], isOld: (id: number) => boolean): string {
  const time = (sec: number) => new Date(sec * 1000).toISOString().slice(0, 19);
  const lines = ids.map((id) => {
    const startSec = isOld(id) ? OLD : RECENT;
    return [id, id, 'ada', 'p', 'COMPLETED', time(startSec), time(startSec + 60), '00:01:00', 1, 4, 'n1'].join('|');
  });
  return `${['JobID|JobIDRaw|User|Account|State|Start|End|Elapsed|NNodes|NCPUS|NodeList', ...lines].join('\n')}\n`;
}

/** Pauses one random child of these processes at a time and returns the number of pauses (0 except on Linux). */
async function pausesUntil(isOver: () => boolean, roots: ReadonlySet<number>): Promise<number> {
  let pauses = 0;
  while (!isOver()) {
    await sleep(Math.random() * BETWEEN_PAUSES_MS);
    const pids = [...roots].flatMap(childrenOf);
    const pid = pids[Math.floor(Math.random() * pids.length)];
    if (pid === undefined) continue;
    try {
      process.kill(pid, 'SIGSTOP');
      await sleep(PAUSE_MS);
      process.kill(pid, 'SIGCONT');
      pauses += 1;
    } catch {
      // it has just ended
    }
  }
  return pauses;
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** Creates a database with some jobs in `cwd`, for `besideService`. */
export async function fileToShare(cwd: string): Promise<void> {
  const { code, stderr } = await run(cwd, ['generate', '--jobs', '2000', '--seed', '1', '--archived', '0']);
  if (code !== 0) throw new Error(stderr);
}
