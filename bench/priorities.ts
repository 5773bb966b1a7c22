/**
 * Priority of the parent on a busy machine: deadlines hold and /healthz responds, also during a build of the column
 * index. The build makes progress.
 */
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchOptions, databaseFor, type Files } from './support/database.ts';
import { get } from './support/http.ts';
import { probe } from './support/probing.ts';
import { type Server, startServer } from './support/server.ts';
import { atMost, type Check, fact, percentile, shown, spread } from './support/table.ts';
import { warm } from './support/warm.ts';

export const JOBS = 2_000_000;
const CLIENTS = 20;
const ROUNDS = 40;
/** Their times are omitted: when a service answers its first 504s, its code for them is not compiled yet. */
const WARM_ROUNDS = 3;
const TIMEOUT_MS = 300;
const SCAN = '/api/jobs/count?job-name.contains=zzzz';
const LOOK_MS = 50;
const BUILD_LIMIT_MS = 1_800_000;

interface Measured {
  overshootMs: number[];
  others: number;
}

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  const quiet = await withoutBuild(files);
  const aloneMs = await buildMs(files, async () => ({ overshootMs: [], others: 0 }));
  const busy = await buildMs(files, (server, isBuilt) => scans(server, isBuilt));
  return [
    ...checksOf('no build', quiet),
    ...checksOf('during a build', busy),
    fact('the build alone', `${shown(aloneMs.ms / 1000)} s`),
    fact('the build next to the scans', `${shown(busy.ms / 1000)} s`),
    atMost('times as long as alone', busy.ms / aloneMs.ms, 6),
  ];
}

function checksOf(
  when: string,
  { overshootMs, others, healthMs }: Measured & { healthMs: readonly number[] },
): Check[] {
  return [
    atMost(`${when}: answers other than 504, of ${overshootMs.length}`, others, 0),
    atMost(`${when}: answered after the deadline, p99`, percentile(overshootMs, 0.99), 50, ' ms'),
    fact(`${when}: answered after the deadline`, spread(overshootMs)),
    atMost(`${when}: /healthz, p99`, percentile(healthMs, 0.99), 20, ' ms'),
    fact(`${when}: /healthz`, spread(healthMs)),
  ];
}

async function withoutBuild(files: Files) {
  const server = await startServer(files, { REQUEST_TIMEOUT_MS: String(TIMEOUT_MS) });
  try {
    await warm(server, 4, 400);
    let rounds = 0;
    return await probed(server, () => scans(server, () => rounds++ >= WARM_ROUNDS + ROUNDS));
  } finally {
    await server.stop();
  }
}

/** Starts a service without an index file, and waits for the build while `load` sends requests. */
async function buildMs(files: Files, load: (server: Server, isBuilt: () => boolean) => Promise<Measured>) {
  rmSync(`${files.db}.columns`, { force: true });
  const startedAt = performance.now();
  const server = await startServer(files, { REQUEST_TIMEOUT_MS: String(TIMEOUT_MS), COLUMN_INDEX: 'on' });
  let builtAt = Number.NaN;
  const untilBuilt = async () => {
    for (;;) {
      const { status, body } = await get(server, '/api/system');
      if (status === 200 && JSON.parse(body).database.columns.state === 'ready') break;
      if (performance.now() - startedAt > BUILD_LIMIT_MS) throw new Error('the index was not built');
      await sleep(LOOK_MS);
    }
    builtAt = performance.now();
  };
  try {
    const building = untilBuilt();
    await warm(server, 4, 400);
    const measured = await probed(server, () => load(server, () => !Number.isNaN(builtAt)));
    await building;
    return { ...measured, ms: builtAt - startedAt };
  } finally {
    await server.stop();
  }
}

async function probed(server: Server, work: () => Promise<Measured>): Promise<Measured & { healthMs: number[] }> {
  const health = probe(server, '/healthz');
  const measured = await work();
  return { ...measured, healthMs: (await health.stop()).timesMs };
}

/** Runs scans in consecutive rounds. Omits the last round, in which the index may already answer. */
async function scans(server: Server, isOver: () => boolean): Promise<Measured> {
  const overshootMs: number[] = [];
  let others = 0;
  for (let round = 0; ; round++) {
    const answers = await Promise.all(Array.from({ length: CLIENTS }, () => get(server, SCAN)));
    if (isOver()) return { overshootMs, others };
    if (round < WARM_ROUNDS) continue;
    for (const { status, ms } of answers) {
      if (status !== 504) others++;
      overshootMs.push(ms - TIMEOUT_MS);
    }
  }
}
