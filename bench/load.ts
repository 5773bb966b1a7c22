/**
 * How fast jobs come in: `bin/node24 node bench/load.ts [jobs]` (default 200,000). Each load is a command of its own, as an
 * operator would run it; the served file is read by another process every 5 ms meanwhile.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDriver } from '../src/db/driver.ts';
import { generateJobs } from '../src/dev/generate.ts';

const jobs = Number(process.argv[2] ?? 200_000);
const END = 1_764_000_000;
const root = await mkdtemp(join(tmpdir(), 'cc-jobs-bench-'));
try {
  const trace = join(root, 'trace.psv');
  await writeTrace(trace);
  const rows = [
    await timed('generate into a new file', 'generated', ['generate', '--jobs', String(jobs), '--end', String(END)]),
    await timed('import sacct into a new file', 'sacct', ['import', 'sacct', trace]),
    await timed('import sacct into a file that is read', 'generated', ['import', 'sacct', trace], readWhile),
  ];
  console.table(rows);
} finally {
  await rm(root, { recursive: true, force: true });
}

type During = (path: string, child: ChildProcess) => Promise<Record<string, string>>;

async function timed(name: string, file: string, args: string[], during?: During) {
  const path = join(root, file, 'job.db');
  const startedAt = performance.now();
  const child = spawn(join(import.meta.dirname, '../bin/cc-jobs'), args, {
    env: { ...process.env, DB_URL: `file:${path}`, ARCHIVE_PATH: join(root, file, 'archive') },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const ended = once(child, 'exit');
  const more = during === undefined ? {} : await during(path, child);
  const [code] = await ended;
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${output}`);
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    name,
    seconds: seconds.toFixed(1),
    'jobs/s, start and indexes included': Math.round(jobs / seconds),
    ...more,
  };
}

/** The latency of a small read while the file is loaded. */
async function readWhile(path: string, child: ChildProcess): Promise<Record<string, string>> {
  const db = openDriver(path, 50);
  const statement = await db.prepare('SELECT id FROM job ORDER BY start_time DESC LIMIT 25');
  const timesMs: number[] = [];
  while (child.exitCode === null) {
    const startedAt = performance.now();
    await statement.all([]);
    timesMs.push(performance.now() - startedAt);
    await sleep(5);
  }
  timesMs.sort((a, b) => a - b);
  const percentile = (share: number) => `${(timesMs[Math.floor(timesMs.length * share)] ?? 0).toFixed(1)} ms`;
  return { reads: String(timesMs.length), 'read p50': percentile(0.5), 'read p99': percentile(0.99) };
}

/** The generated jobs of another seed as sacct prints them. */
async function writeTrace(path: string): Promise<void> {
  const file = createWriteStream(path);
  file.write(
    'JobID|JobIDRaw|Cluster|Partition|Account|User|Submit|Start|Elapsed|State|AllocCPUS|Timelimit|NodeList|JobName\n',
  );
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 19);
  for (const job of generateJobs({ jobs, seed: 2, endTime: END })) {
    const elapsed = `${Math.floor(job.duration / 86_400)}-${iso(job.duration % 86_400).slice(11)}`;
    const hosts = job.resources.map(({ hostname }) => hostname).join();
    const line = [
      job.jobId,
      job.jobId,
      'traced',
      job.partition,
      job.project,
      job.user,
      iso(job.startTime - 60),
      iso(job.startTime),
      elapsed,
      job.jobState.toUpperCase(),
      job.numHwthreads,
      '1-00:00:00',
      hosts,
      job.metaData?.['jobName'],
    ].join('|');
    if (!file.write(`${line}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}
