import { fork } from 'node:child_process';
import { join } from 'node:path';
import { openSqlite } from '../../test/support/sqlite.ts';
import { get, type Target } from './http.ts';
import { FIRST_OWN_ID } from './jobs.ts';

/** The common properties of all started jobs, except the id. */
export interface JobPattern {
  cluster: string;
  user: string;
  numNodes: number;
  resources: unknown[];
  startTime: number;
}

/** The work of an adapter: it starts and stops `jobs` jobs over some connections, or at a fixed rate (open loop). */
export interface AdapterWork {
  port: number;
  job: JobPattern;
  firstId: number;
  jobs: number;
  connections: number;
  perSec?: number;
}

/** A request and its result. Status 0: the service had ended. */
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

/** A job like the newest one in the database, so that the cluster configuration allows it. */
export async function patternFrom(target: Target): Promise<JobPattern> {
  const { body } = await get(target, '/api/jobs/?items-per-page=1');
  const [job] = JSON.parse(body).jobs;
  const { cluster, user, numNodes, resources, startTime } = job;
  return { cluster, user, numNodes, resources, startTime };
}

/** Gives each adapter of a run job ids of its own. */
let nextId = FIRST_OWN_ID;

/** Runs an adapter in a process of its own. Resolves with the results of all its requests. */
export function adapter(target: Target, work: Omit<AdapterWork, 'port' | 'firstId'>): Promise<Adapted> {
  const all: AdapterWork = { ...work, port: target.port, firstId: nextId };
  nextId += work.jobs;
  const child = fork(join(import.meta.dirname, 'adapter.ts'), [JSON.stringify(all)], {
    env: { PATH: process.env['PATH'], TOKEN: target.token },
    execArgv: [],
  });
  return new Promise((resolve, reject) => {
    child.once('message', (answer) => resolve(answer as Adapted));
    // The exit may be noticed before the last message is read. The channel closes after it.
    child.once('disconnect', () => reject(new Error('the adapter ended before it told anything')));
  });
}

/** The content of the database compared with the responses. */
export interface Kept {
  /** Successful requests whose effect is missing. */
  lost: number;
  /** Jobs that exist more than once. */
  doubled: number;
  /** Requests reported as not done whose effect exists. */
  refusedAndThere: number;
  /** Requests with an unknown result: no response, or outcome_unknown. */
  unknown: number;
}

/** Codes of responses that leave open whether the write happened. */
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
