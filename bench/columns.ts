/** Every question over the column index and over the SQL, in alternating rounds, with the first build and what changes cost. */
import { rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ColumnIndex } from '../src/columns/index.ts';
import { withColumns } from '../src/columns/with-columns.ts';
import { within } from '../src/db/deadline.ts';
import { openDriver } from '../src/db/driver.ts';
import { migrate } from '../src/db/migrate.ts';
import type { Database } from '../src/db/port.ts';
import type { Statement } from '../src/db/statement.ts';
import { openPool } from '../src/pool/pool.ts';
import { QUESTIONS } from './support/column-questions.ts';
import { type BenchOptions, copyOf, databaseFor, withFolder } from './support/database.ts';
import { atMost, type Check, fact, percentile, shown } from './support/table.ts';

export const JOBS = 200_000;
const ROUNDS = 5;
const INDEX_MB = 350;
const LIMIT_MS = 300_000;
const CONNECTION = { cacheMb: 4, softHeapMb: 256, hardHeapMb: 512, baseMb: 44, growthMb: 600 };
const SILENT = { info: () => {}, warn: () => {} };

export async function run(options: BenchOptions): Promise<Check[]> {
  return await withFolder(async (folder) => {
    const { db: path } = await copyOf(await databaseFor(options), folder);
    await migrate(path);
    const more = { queueLimit: 16, maxIdleMs: 600_000, connection: CONNECTION, log: SILENT };
    const db = await openPool({ path, maxReaders: 1, tempDir: folder, ...more });
    const built = await build(path);
    const both = withColumns(db, built.index);
    try {
      return [
        ...built.checks,
        ...(await questions(db, both, built.peakMb)),
        ...(await changes(path, both)),
        atMost('peak RSS of the index, MB', built.peakMb(), INDEX_MB + 250),
      ];
    } finally {
      await both.close(1_000);
      for (const suffix of ['', '.wal']) rmSync(`${path}.columns${suffix}`, { force: true });
    }
  });
}

async function build(databasePath: string) {
  const startedAt = performance.now();
  const path = `${databasePath}.columns`;
  const index = new ColumnIndex({
    ...{ databasePath, path, memoryMb: INDEX_MB, tempDir: dirname(path), spillMb: 1_024, queueLimit: 16, log: SILENT },
  });
  let peakMb = 0;
  const watching = setInterval(() => {
    peakMb = Math.max(peakMb, index.processes()[0]?.rssMb ?? 0);
  }, 20);
  watching.unref();
  while (index.state.name === 'building') await new Promise((resolve) => setTimeout(resolve, 10));
  if (index.state.name !== 'ready') throw new Error(`the index is ${JSON.stringify(index.state)}`);
  const sec = (performance.now() - startedAt) / 1000;
  const { rows } = index.state;
  const checks = [
    fact('first build', `${shown(sec)} s, ${shown(rows / sec)} jobs/s, peak RSS ${shown(peakMb)} MB`),
    fact('size', `${shown(statSync(path).size / rows)} bytes a job`),
  ];
  return { index, checks, peakMb: () => peakMb };
}

async function questions(db: Database, both: Database, peakMb: () => number): Promise<Check[]> {
  const checks: Check[] = [];
  for (const [name, statement] of Object.entries(QUESTIONS)) {
    const [sql, columns]: [number[], number[]] = [[], []];
    let answers: [string, string] = ['', ''];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const [first, second] = [await timed(db, statement), await timed(both, statement)];
      answers = [first.answer, second.answer];
      if (round === 0) continue; // warms up
      sql.push(first.ms);
      columns.push(second.ms);
    }
    if (answers[0] !== answers[1]) throw new Error(`${name}: the two do not answer alike`);
    const [slow, fast] = [percentile(sql, 0.5), percentile(columns, 0.5)];
    const measured = `SQL ${shown(slow)} ms, columns ${shown(fast)} ms: ${shown(slow / fast)}x; RSS up to ${shown(peakMb())} MB`;
    checks.push(fact(name, measured));
  }
  return checks;
}

/** The first count behind a number of changed jobs, recent and scattered ones. */
async function changes(path: string, both: Database): Promise<Check[]> {
  const writer = openDriver(path, 5_000);
  const count = QUESTIONS['count'];
  if (count === undefined) throw new Error('there is a question called count');
  const checks: Check[] = [];
  try {
    for (const [what, which] of [
      ['1 job', 'SELECT max(id) FROM job'],
      ['10,000 recent jobs', 'SELECT id FROM job ORDER BY id DESC LIMIT 10000'],
      ['10,000 scattered jobs', 'SELECT id FROM job WHERE id % (SELECT 1 + count(*) / 10000 FROM job) = 0 LIMIT 10000'],
    ]) {
      await writer.exec(`UPDATE job SET energy = energy + 1 WHERE id IN (${which})`);
      checks.push(fact(`first count behind a change of ${what}`, `${shown((await timed(both, count)).ms)} ms`));
    }
  } finally {
    writer.close();
  }
  return checks;
}

async function timed(db: Database, statement: Statement<unknown>): Promise<{ ms: number; answer: string }> {
  const startedAt = performance.now();
  const rows = await within(LIMIT_MS, (deadline) => db.read(statement, deadline));
  const ms = performance.now() - startedAt;
  return {
    ms,
    answer: JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
  };
}
