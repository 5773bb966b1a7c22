/**
 * How well advice on walltimes keeps its promise. Jobs are gone through in the order of their submission. Each gets the
 * advice that the service would have given at that moment, from the jobs that had started by then, and is counted as
 * kept if it ended within it. Besides generated jobs, all logs in a folder of traces are read.
 */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EVERY_JOB } from '../src/jobs/visibility.ts';
import { type PastJob, type WalltimeAdvice, walltimeAdvice } from '../src/jobs/walltime-advice.ts';
import { MOST_PAST_JOBS, pastJob } from '../src/questions/walltime-advice/past-jobs.ts';
import { newestJobs, type PastJobRow } from '../src/questions/walltime-advice/sqlite.ts';
import { type BenchOptions, command, databaseFor, filesIn, withFolder } from './support/database.ts';
import { type Check, fact, percentile, shown } from './support/table.ts';

export const JOBS = 200_000;
/** Percent. */
const PROMISED = [95, 98];
/** Points of percentage by which the share of kept advice may differ from the promise. */
const TOLERANCE = 1.5;
/** Jobs of each log that get advice, evenly spread. */
const SAMPLED = 2_000;
/** Folder of logs: `.swf` and `.swf.gz`, and `.psv` as sacct prints it. */
const TRACES = [process.env['TRACES'], '../shared/data/traces'].find(
  (folder) => folder !== undefined && existsSync(folder),
);

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  const checks = rolledForward(options.db === undefined ? 'generated' : files.db, files.db);
  if (TRACES === undefined) return [...checks, fact('real logs', 'no folder: set TRACES')];
  const traces = resolve(TRACES);
  for (const file of readdirSync(traces).filter((name) => /\.(?:swf(?:\.gz)?|psv)$/.test(name))) {
    checks.push(
      ...(await withFolder(async (folder) => {
        const loaded = filesIn(folder);
        await mkdir(folder, { recursive: true });
        await command(['import', file.endsWith('.psv') ? 'sacct' : 'swf', join(traces, file)], loaded);
        return rolledForward(file, loaded.db);
      })),
    );
  }
  return checks;
}

interface UserJob extends PastJob {
  readonly user: string;
}

function rolledForward(log: string, path: string): Check[] {
  const jobs = jobsOf(path).filter(({ has }) => has !== 'not ended');
  const bySubmission = jobs.toSorted((a, b) => a.submittedAt - b.submittedAt);
  const every = Math.max(1, Math.floor(jobs.length / SAMPLED));
  const asked = new Set(bySubmission.filter((_, at) => at % every === 0));
  const byUser = Map.groupBy(jobs, ({ user, cluster }) => JSON.stringify([user, cluster]));
  const results = new Map(PROMISED.map((promised) => [promised, [] as { job: PastJob; advice: WalltimeAdvice }[]]));
  const timesMs: number[] = [];
  for (const own of byUser.values()) {
    const started = own.toSorted((a, b) => a.startedAt - b.startedAt);
    for (const job of own.filter((one) => asked.has(one))) {
      const past = knownAt(started, job.submittedAt);
      for (const [promised, all] of results) {
        const startedAt = performance.now();
        const advice = walltimeAdvice(
          past,
          { ...job, walltime: job.walltime > 0 ? job.walltime : undefined },
          { coverage: promised / 100, nowSec: job.submittedAt },
        );
        timesMs.push(performance.now() - startedAt);
        all.push({ job, advice });
      }
    }
  }
  return [
    ...[...results].flatMap(([promised, all]) => checksOf(`${log}, ${promised} %`, promised, all)),
    fact(
      `${log}: time of one advice`,
      `p50 ${shown(percentile(timesMs, 0.5))}, p99 ${shown(percentile(timesMs, 0.99))} ms`,
    ),
  ];
}

/** Each job as the service reads it. */
function jobsOf(path: string): UserJob[] {
  const db = new DatabaseSync(path, { readOnly: true });
  const { sql, parameters } = newestJobs(EVERY_JOB, { nowSec: 2 ** 31, limit: 2 ** 31 });
  const statement = db.prepare(sql);
  statement.setReadBigInts(true);
  const { json } = statement.get(...(parameters as (string | number | bigint)[])) as { json: Uint8Array };
  const rows = JSON.parse(Buffer.from(json).toString()) as PastJobRow[];
  db.close();
  return rows.flatMap((row) => {
    const job = pastJob(row);
    return job === undefined ? [] : [{ ...job, user: row.user }];
  });
}

/** The newest jobs that had started, newest start first, with what was known of them. */
function knownAt(started: readonly PastJob[], atSec: number): PastJob[] {
  const next = started.findIndex(({ startedAt }) => startedAt >= atSec);
  const until = next < 0 ? started.length : next;
  return started
    .slice(Math.max(0, until - MOST_PAST_JOBS), until)
    .reverse()
    .map((job) =>
      job.startedAt + job.duration <= atSec ? job : { ...job, duration: atSec - job.startedAt, has: 'not ended' },
    );
}

function checksOf(what: string, promised: number, all: readonly { job: PastJob; advice: WalltimeAdvice }[]): Check[] {
  const advised = all.flatMap(({ job, advice: { walltime } }) => (walltime === undefined ? [] : [{ job, walltime }]));
  const kept = advised.filter(({ job, walltime }) => job.has === 'ended' && job.duration <= walltime).length;
  const percent = (part: number, whole: number) => (whole === 0 ? 0 : (part / whole) * 100);
  const share = percent(kept, advised.length);
  const isWithin = Math.abs(share - promised) <= TOLERANCE;
  const why = (reason: WalltimeAdvice['why']) =>
    `${percent(all.filter(({ advice }) => advice.why === reason).length, all.length).toFixed(1)} %`;
  const asked = advised.filter(({ job }) => job.walltime > 0);
  const hours = asked.reduce((sum, { job }) => sum + job.walltime, 0) / 3600;
  const saved = asked.reduce((sum, { job, walltime }) => sum + job.walltime - walltime, 0) / 3600;
  return [
    {
      what: `${what}: jobs that ended within the advice`,
      limit: `${promised} ± ${TOLERANCE} %`,
      measured: `${share.toFixed(2)} % of ${shown(advised.length)}`,
      ok: isWithin,
    },
    fact(
      `${what}: jobs with advice; too few jobs, unsteady, not shorter`,
      `${percent(advised.length, all.length).toFixed(1)} %; ${why('few_jobs')}, ${why('unsteady')}, ${why('not_shorter')}`,
    ),
    fact(
      `${what}: of the walltime these asked for, not needed`,
      `${percent(saved, hours).toFixed(0)} % of ${shown(Math.round(hours))} h`,
    ),
  ];
}
