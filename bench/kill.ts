/** Kills processes under load: no request hangs, no acknowledged write is lost, and no child outlives its parent. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../src/db/port.ts';
import { openSqlite } from '../test/support/sqlite.ts';
import { type BenchOptions, copyOf, databaseFor, withFolder } from './support/database.ts';
import { FIRST_OWN_ID } from './support/jobs.ts';
import { MixedLoad, REQUEST_LIMIT_MS } from './support/mixed-load.ts';
import { parentKilled } from './support/parent-killed.ts';
import { benchPool, READERS } from './support/pool.ts';
import { Strength } from './support/strength.ts';
import { atMost, type Check, fact, percentile, spread } from './support/table.ts';

export const JOBS = 200_000;
const LENGTH_MS = 60_000;
const KILL_EVERY_MS = 200;
const STRENGTH_LIMIT_MS = 500;
/** A request that has not ended this long after its deadline hangs. */
const HANG_MS = 500;

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  return await withFolder(async (folder) => {
    const copy = await copyOf(files, folder);
    return [...(await killed(copy.db)), ...(await parentKilled(copy.db))];
  });
}

async function killed(path: string): Promise<Check[]> {
  const db = await benchPool(path);
  const load = new MixedLoad(db);
  const strength = new Strength(db, READERS + 1);
  try {
    load.start();
    await strength.full(10_000);
    const until = performance.now() + LENGTH_MS;
    for (let kills = 0; performance.now() < until; kills++) {
      await sleep(KILL_EVERY_MS);
      // Every fifth time the writer, otherwise a reader.
      strength.kill(kills % 5 === 4 ? 'writer' : 'reader');
    }
    await load.stop();
    await strength.full(5_000).catch(() => {});
    return [...resultOf(load, strength, db), ...(await lost(path, load))];
  } finally {
    strength.stop();
    await db.close(1_000);
  }
}

function resultOf(load: MixedLoad, strength: Strength, db: Database): Check[] {
  const { kills, backMs } = strength;
  const { counters } = db.status();
  const faults = [...load.faults].map(([what, count]) => `${what} ${count}`).join(', ');
  return [
    fact('processes killed', `${kills.reader} readers, ${kills.writer} writers`),
    fact('requests meanwhile', `${load.readMs.length} reads, ${load.acknowledged.length} acknowledged writes`),
    fact('faults', faults === '' ? 'none' : faults),
    fact(
      'counters',
      `${counters['crashes']} crashes, ${counters['retries']} retries, ${counters['replacements']} replacements`,
    ),
    atMost('longest request, its deadline being 5 s', load.longestMs, REQUEST_LIMIT_MS + HANG_MS, ' ms'),
    atMost('reads that failed without a second try', load.failedReads - (counters['lostTwice'] ?? 0), 0),
    fact('reads whose second process was killed too', `${counters['lostTwice']}`),
    atMost('full strength again, p99', percentile(backMs, 0.99), STRENGTH_LIMIT_MS, ' ms'),
    fact('full strength again', spread(backMs)),
    fact('a read', spread(load.readMs)),
  ];
}

/** Acknowledged writes that are missing in the file, and writes reported as not done that are in the file. */
async function lost(path: string, load: MixedLoad): Promise<Check[]> {
  const driver = openSqlite(path, 1_000);
  try {
    const statement = await driver.prepare('SELECT job_id AS id FROM job WHERE job_id >= ?');
    const rows = (await statement.all([FIRST_OWN_ID])) as { id: number }[];
    const there = new Set(rows.map(({ id }) => id));
    return [
      atMost('acknowledged writes lost', load.acknowledged.filter((id) => !there.has(id)).length, 0),
      atMost('writes refused and yet there', load.refused.filter((id) => there.has(id)).length, 0),
      fact(
        'writes with outcome_unknown that are there',
        `${load.unknown.filter((id) => there.has(id)).length} of ${load.unknown.length}`,
      ),
    ];
  } finally {
    driver.close();
  }
}
