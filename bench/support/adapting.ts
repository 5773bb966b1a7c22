import { fork } from 'node:child_process';
import { join } from 'node:path';
import { openSqlite } from '../../test/support/sqlite.ts';
import { get, type Target } from './http.ts';
import { FIRST_OWN_ID } from './jobs.ts';

/** What every job that is started has, but its id. */
export interface JobPattern {
  cluster: string;
  user: string;
  numNodes: number;
  resources: unknown[];
  startTime: number;
}

/** What an adapter does: starts and stops `jobs` jobs over some connections, or so many requests a second (open loop). */
export interface AdapterWork {
  port: number;
  job: JobPattern;
  firstId: number;
  jobs: number;
  connections: number;
  perSec?: number;
}

/** One request and what became of it; status 0: the service was gone. */
export interface Sent {
  what: 'start' | 'stop';
  jobId: number;
  status: number;
  code: string;
  ms: number;
}

export interface Adapted {
  sent: Sent[];
  seconds: number;
}

/** A job like the newest of the database, which its cluster's configuration allows. */
export async function patternFrom(target: Target): Promise<JobPattern> {
  const { body } = await get(target, '/api/jobs/?items-per-page=1');
  const [job] = JSON.parse(body).jobs;
  const { cluster, user, numNodes, resources, startTime } = job;
  return { cluster, user, numNodes, resources, startTime };
}

/** Job ids of its own for each adapter of one run. */
let nextId = FIRST_OWN_ID;

/** Runs an adapter in a process of its own. Resolves with what became of all its requests. */
export function adapter(target: Target, work: Omit<AdapterWork, 'port' | 'firstId'>): Promise<Adapted> {
  const all: AdapterWork = { ...work, port: target.port, firstId: nextId };
  nextId += work.jobs;
  const child = fork(join(import.meta.dirname, 'adapter.ts'), [JSON.stringify(all)], {
    env: { PATH: process.env['PATH'], TOKEN: target.token },
    execArgv: [],
  });
  return new Promise((resolve, reject) => {
    child.once('message', (answer) => resolve(answer as Adapted));
    // The exit may be noticed before the last message is read; the end of the channel comes behind it.
    child.once('disconnect', () => reject(new Error('the adapter ended before it told anything')));
  });
}

/** What the database has of the jobs that were sent, against what was answered. */
export interface Kept {
  /** Requests answered with success whose effect is not there. */
  lost: number;
  /** Jobs that are there more than once. */
  doubled: number;
  /** Requests answered with "it did not happen" whose effect is there. */
  refusedAndThere: number;
  /** Requests nobody knows about: no answer, or outcome_unknown. */
  unknown: number;
}

/** Codes of answers that leave open whether the write happened. */
const UNKNOWN = new Set(['no answer', 'outcome_unknown']);

export async function keptOf(path: string, sent: readonly Sent[]): Promise<Kept> {
  const driver = openSqlite(path, 5_000);
  try {
    const statement = await driver.prepare('SELECT job_id AS id, job_state AS state FROM job WHERE job_id >= ?');
    const rows = (await statement.all([FIRST_OWN_ID])) as { id: number; state: string }[];
    const states = new Map(rows.map(({ id, state }) => [id, state]));
    const isThere = ({ what, jobId }: Sent) =>
      what === 'start' ? states.has(jobId) : states.get(jobId) === 'completed';
    const unknown = sent.filter(({ code }) => UNKNOWN.has(code));
    const refused = sent.filter(({ status, code }) => status >= 300 && !UNKNOWN.has(code));
    return {
      lost: sent.filter((one) => one.status >= 200 && one.status < 300 && !isThere(one)).length,
      doubled: rows.length - states.size,
      refusedAndThere: refused.filter(isThere).length,
      unknown: unknown.length,
    };
  } finally {
    driver.close();
  }
}
