/** Memory is limited and returned: heavy queries that time out, measured by the operating system over all processes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchOptions, databaseFor, type Files } from './support/database.ts';
import { HEAVY } from './support/heavy.ts';
import { each, get, type Target } from './support/http.ts';
import { boundMb, familyOf, pssMb, rssMb, sample } from './support/processes.ts';
import { startOneProcess, startServer } from './support/server.ts';
import { atMost, type Check, fact, percentile, shown } from './support/table.ts';
import { systemOf, warm } from './support/warm.ts';

export const JOBS = 2_000_000;
const READERS = 4;
const LIMIT_MB = 1500;
const QUERIES = 50;
const TIMEOUT_MS = '1000';
const SAMPLE_MS = 20;
/** Reading the PSS of six processes takes tens of milliseconds of CPU, which the queries lack. */
const PSS_EVERY_MS = 200;
const REST_MS = 3_000;

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  return [...(await processes(files)), ...(await oneProcess(files))];
}

async function processes(files: Files): Promise<Check[]> {
  const server = await startServer(files, {
    REQUEST_TIMEOUT_MS: TIMEOUT_MS,
    DB_CACHE_SIZE_MB: '1024',
    DB_MEMORY_LIMIT_MB: String(LIMIT_MB),
    DB_MAX_CONNECTIONS: String(READERS),
  });
  try {
    await warm(server, READERS);
    await sleep(1_000);
    const look = () => pssMb(familyOf(server.pid));
    const before = await level(look);
    const parentBefore = rssMb(server.pid);
    const during = sample(look, PSS_EVERY_MS);
    const quick = sample(() => boundMb(familyOf(server.pid)), SAMPLE_MS);
    const answers = await heavy(server);
    await sleep(REST_MS);
    const values = during.stop();
    const bounds = quick.stop();
    const after = await level(look);
    const { processes: left, counters } = (await systemOf(server)).database;
    const happened = Object.entries(counters).filter(([, count]) => count > 0);
    return [
      atMost(`peak of all processes (PSS, ${values.length} looks)`, Math.max(...values), LIMIT_MB, ' MB'),
      atMost(`peak of the pages of all processes (${bounds.length} looks)`, Math.max(...bounds), LIMIT_MB, ' MB'),
      atMost('3 s after the last answer, above the level before', after - before, 40, ' MB'),
      fact('level before, after', `${shown(before)}, ${shown(after)} MB`),
      fact('of it the parent (RSS) before, after', `${shown(parentBefore)}, ${shown(rssMb(server.pid))} MB`),
      fact('processes after', left.map(({ role, rssMb: mb }) => `${role} ${mb}`).join(', ')),
      fact('answers', answers),
      fact('counters', happened.map(([name, count]) => `${name} ${count}`).join(', ')),
    ];
  } finally {
    await server.stop();
  }
}

/** The same load with the connection in the service's own process, with the same cache and no heap limits. */
async function oneProcess(files: Files): Promise<Check[]> {
  const server = await startOneProcess(files, { REQUEST_TIMEOUT_MS: TIMEOUT_MS, BENCH_CACHE_MB: '1024' });
  try {
    await each(Array(4000).fill('/api/jobs/?items-per-page=25'), READERS, (path: string) => get(server, path));
    const look = () => rssMb(server.pid);
    const before = await level(look);
    const during = sample(look, SAMPLE_MS);
    const answers = await heavy(server);
    await sleep(REST_MS);
    const peak = Math.max(...during.stop());
    return [
      fact(
        'beside it, one connection in process: before, peak, 3 s after (RSS)',
        `${shown(before)}, ${shown(peak)}, ${shown(look())} MB`,
      ),
      fact('beside it: answers', answers),
    ];
  } finally {
    await server.stop();
  }
}

/** Runs fifty heavy queries, four at a time. Returns the number of responses by status. */
async function heavy(target: Target): Promise<string> {
  const paths = Array.from({ length: QUERIES }, (_, at) => HEAVY[at % HEAVY.length] ?? '');
  const answers = await each(paths, READERS, (path) => get(target, path));
  const codes = new Map<string, number>();
  for (const { status, body } of answers) {
    const code = /"code":"(\w+)"/.exec(body)?.[1] ?? '';
    const key = `${status} ${code}`.trim();
    codes.set(key, (codes.get(key) ?? 0) + 1);
  }
  return [...codes].map(([code, count]) => `${code}: ${count}`).join(', ');
}

/** The median of samples taken within a second. */
async function level(look: () => number): Promise<number> {
  const looks = sample(look, 100);
  await sleep(1_000);
  return percentile(looks.stop(), 0.5);
}
