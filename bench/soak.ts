/**
 * Hours of mixed load at a moderate rate, with backups, retention and reloads: growth of memory, open files, log and WAL,
 * and the responses.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { patternFrom } from './support/adapting.ts';
import { type BenchOptions, command, copyOf, type Files, generated, withFolder } from './support/database.ts';
import { type Server, startServer } from './support/server.ts';
import { SoakClient } from './support/soak-client.ts';
import { SoakLoad } from './support/soak-load.ts';
import { growthPerHour, type Sample, sampleOf } from './support/soak-samples.ts';
import { SoakWork } from './support/soak-work.ts';
import { atMost, type Check, fact, percentile, shown, spread } from './support/table.ts';
import { systemOf } from './support/warm.ts';

export const JOBS = 100_000;
/** Jobs with archived metric data. The requests for `data` use them. */
const ARCHIVED = 2_000;
const ACCOUNT = { username: 'soak', password: 'a long soak' };
/** Timed work runs often enough to overlap with requests. A scan runs into its deadline. */
const SETTINGS = {
  COLUMN_INDEX: 'auto',
  JOB_CACHE_S: '60',
  DURATION_UPDATE_S: '60',
  NODESTATE_RETENTION_H: '1',
  OPTIMIZE_S: '600',
  CHECKPOINT_S: '120',
  REQUEST_TIMEOUT_MS: '2000',
  DB_MAX_IDLE_S: '120',
  LOG_LEVEL: 'info',
};
/** Interval of backups. A short soak has five of them. */
const WORK_EVERY_MINUTES = 10;
const WORK_ROUNDS = 5;
/** Growth is detected within an hour. A shorter soak shows its figures without limits. */
const JUDGED_FROM_MINUTES = 60;

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await generated(options.jobs, Math.min(ARCHIVED, options.jobs));
  return await withFolder(async (folder) => {
    const copy = await copyOf(files, folder);
    await command(
      ['user', 'add', ACCOUNT.username, '--roles', 'admin,api', '--password'],
      copy,
      `${ACCOUNT.password}\n`,
    );
    const logPath = join(folder, 'service.log');
    const server = await startServer(copy, SETTINGS, logPath);
    try {
      return await soak(server, copy, { folder, logPath, minutes: options.minutes, jobs: options.jobs });
    } finally {
      await server.stop();
    }
  });
}

interface SoakOptions {
  folder: string;
  logPath: string;
  minutes: number;
  /** Of the generated database. */
  jobs: number;
}

async function soak(server: Server, files: Files, { folder, logPath, minutes, jobs }: SoakOptions): Promise<Check[]> {
  const load = new SoakLoad(new SoakClient(server, ACCOUNT), await patternFrom(server), jobs);
  const workEveryMs = Math.min(WORK_EVERY_MINUTES, minutes / (WORK_ROUNDS + 1)) * 60_000;
  const work = new SoakWork({ pid: server.pid, files, folder, jobs, everyMs: workEveryMs });
  const samples: Sample[] = [];
  const healthP99Ms: number[] = [];
  const startedAt = performance.now();
  const minutesSoFar = () => (performance.now() - startedAt) / 60_000;
  const everyMs = Math.min(60_000, (minutes * 60_000) / 12);
  load.start();
  work.start();
  while (minutesSoFar() < minutes) {
    await sleep(everyMs);
    const roles = await rolesOf(server);
    const sample = sampleOf({ pid: server.pid, dbPath: files.db, logPath, minute: minutesSoFar(), roles });
    const healthMs = load.takeHealthMs();
    samples.push(sample);
    healthP99Ms.push(percentile(healthMs, 0.99));
    const health = { p50: shown(percentile(healthMs, 0.5)), max: shown(percentile(healthMs, 1)) };
    const { requests, unexpected } = load;
    const line = { ...sample, healthMs: health, requests, unexpected, rounds: work.rounds, failures: work.failures };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
  await work.stop();
  const { counters } = (await systemOf(server)).database;
  await load.stop();
  return [
    ...growth(samples, load, minutes),
    ...(await worked(work, logPath)),
    ...answered(load, healthP99Ms, counters),
  ];
}

/** The pids of the processes of a service by role. */
async function rolesOf(server: Server): Promise<Map<string, number[]>> {
  const { database, archive, bodies } = await systemOf(server);
  const roles = new Map([['parent', [server.pid]]]);
  for (const { role, pid } of [...database.processes, ...archive.processes, ...bodies.processes]) {
    roles.set(role, [...(roles.get(role) ?? []), pid]);
  }
  return roles;
}

async function worked(work: SoakWork, logPath: string): Promise<Check[]> {
  const backups = await work.backups();
  return [
    fact('backups, s', spread(work.backupSec, ' s')),
    fact('retention, s', `${spread(work.retentionSec, ' s')}, ${shown(work.deleted)} jobs deleted`),
    atMost('backups that are kept', backups.length, 3),
    atMost('commands that failed', work.failures.length, 0),
    ...work.failures.map((failure) => fact('failed', failure)),
    fact('reloads', String(await linesWith(logPath, '"msg":"reloaded"'))),
    atMost('errors in the log', await linesWith(logPath, '"level":50'), 0),
  ];
}

async function linesWith(path: string, text: string): Promise<number> {
  let lines = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) if (line.includes(text)) lines += 1;
  return lines;
}

function growth(samples: readonly Sample[], load: SoakLoad, minutes: number): Check[] {
  const judged = (what: string, value: number, limit: number, unit: string) =>
    minutes >= JUDGED_FROM_MINUTES ? atMost(what, value, limit, unit) : fact(what, `${shown(value)}${unit}`);
  const last = samples.at(-1);
  const range = (of: (sample: Sample) => number) =>
    `${shown(of(samples[0] ?? NOTHING))} at first, ${shown(Math.max(...samples.map(of)))} at most, ${shown(of(last ?? NOTHING))} at last`;
  return [
    judged(
      'growth of the parent',
      growthPerHour(samples, ({ parentMb }) => parentMb),
      5,
      ' MB/h',
    ),
    judged(
      'growth of all processes',
      growthPerHour(samples, ({ allMb }) => allMb),
      30,
      ' MB/h',
    ),
    judged(
      'growth of open files of the parent',
      growthPerHour(samples, ({ parentFds }) => parentFds),
      4,
      '/h',
    ),
    judged(
      'growth of open files of all processes',
      growthPerHour(samples, ({ allFds }) => allFds),
      40,
      '/h',
    ),
    ...rolesIn(samples).map((role) => {
      const ofRole = ({ roleMb }: Sample) => roleMb[role];
      return fact(`growth of a process: ${role}`, `${shown(growthPerHour(samples, ofRole))} MB/h`);
    }),
    judged('log', ((last?.logMb ?? 0) * 2 ** 20) / load.requests, 600, ' bytes a request'),
    atMost('size of the WAL', Math.max(...samples.map(({ walMb }) => walMb)), 64, ' MB'),
    fact(
      'RSS of the parent, MB',
      range(({ parentMb }) => parentMb),
    ),
    fact(
      'RSS of all processes, MB',
      range(({ allMb }) => allMb),
    ),
    fact(
      'open files of all processes',
      range(({ allFds }) => allFds),
    ),
    fact(
      'WAL, MB',
      range(({ walMb }) => walMb),
    ),
  ];
}

function rolesIn(samples: readonly Sample[]): string[] {
  return [...new Set(samples.flatMap(({ roleMb }) => Object.keys(roleMb)))];
}

function answered(load: SoakLoad, healthP99Ms: readonly number[], counters: Record<string, number>): Check[] {
  const kinds = [...load.counts].map(([what, count]) => `${what}: ${count}`).toSorted();
  const kept = Object.entries(counters).map(([name, count]) => `${name} ${count}`);
  return [
    fact('requests', shown(load.requests)),
    atMost('answers that were not expected', load.unexpected, 0),
    fact(
      '/healthz, p99 of a minute',
      `${shown(percentile(healthP99Ms, 0.5))} ms, worst ${shown(percentile(healthP99Ms, 1))}`,
    ),
    fact('answers', kinds.join(', ')),
    fact('counters', kept.join(', ')),
  ];
}

const NOTHING: Sample = {
  minute: 0,
  parentMb: 0,
  allMb: 0,
  processes: 0,
  parentFds: 0,
  allFds: 0,
  walMb: 0,
  logMb: 0,
  cpuSec: 0,
  roleMb: {},
};
