/** Questions of the column index while the database has a few jobs that the index does not hold, or wide ones. */
import { migrate } from '../src/db/schema/migrate.ts';
import type { Condition } from '../src/jobs/filter.ts';
import { ALL } from '../test/support/column-index.ts';
import { openSqlite } from '../test/support/sqlite.ts';
import { opened } from './support/column-index.ts';
import { QUESTIONS } from './support/column-questions.ts';
import { type BenchOptions, copyOf, databaseFor, withFolder } from './support/database.ts';
import { atMost, type Check, fact, percentile, shown } from './support/table.ts';

export const JOBS = 2_000_000;
const ODD_JOBS = 10;
const ROUNDS = 7;
/** The odd or wide jobs are on a cluster of their own, and these questions ask for all others. */
const ELSEWHERE: Condition = { kind: 'text', field: 'cluster', operator: 'not', values: ['odd'] };
const IDS = `id IN (SELECT id FROM job ORDER BY id DESC LIMIT ${ODD_JOBS})`;
/** Their user is not valid UTF-8. */
const MAKE_ODD = `UPDATE job SET hpc_user = CAST(x'ff' AS TEXT), cluster = 'odd' WHERE ${IDS}`;
/** Their durations are too large for the table of most jobs. */
const MAKE_WIDE = `UPDATE job SET hpc_user = 'ada', duration = 1099511627776 WHERE ${IDS}`;
const REPAIR = `UPDATE job SET hpc_user = 'ada', cluster = 'odd', duration = 60 WHERE ${IDS}`;

type Side = 'without' | 'withOdd' | 'withWide' | 'ofWide' | 'ofAll';

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  return await withFolder(async (folder) => {
    const { db } = await copyOf(files, folder);
    await migrate(db);
    const writer = openSqlite(db, 5_000);
    const index = await opened(db, folder);
    /** Times of each question, asked with these conditions too, after a change, which the first question takes over. */
    const timesAfter = async (change: string, more: readonly Condition[] = [ELSEWHERE]) => {
      await writer.exec(change);
      await index.ask({ kind: 'count', jobs: { ...ALL, conditions: [ELSEWHERE] } });
      const times: number[] = [];
      for (const { question } of QUESTIONS) {
        const conditions = [...question.jobs.conditions, ...more];
        times.push(await index.ask({ ...question, jobs: { ...question.jobs, conditions } }));
      }
      return times;
    };
    try {
      await timesAfter(REPAIR); // warms up
      const rounds: Record<Side, number[]>[] = [];
      // In turns, because the speed of the machine changes.
      for (let round = 0; round < ROUNDS; round += 1) {
        rounds.push({
          without: await timesAfter(REPAIR),
          withOdd: await timesAfter(MAKE_ODD),
          withWide: await timesAfter(MAKE_WIDE),
          ofWide: await timesAfter(MAKE_WIDE, []),
          ofAll: await timesAfter(REPAIR, []),
        });
      }
      const medians = (side: Side) =>
        QUESTIONS.map((_, at) =>
          percentile(
            rounds.map((round) => round[side][at] ?? 0),
            0.5,
          ),
        );
      const [without, withOdd, withWide] = [medians('without'), medians('withOdd'), medians('withWide')];
      const [ofWide, ofAll] = [medians('ofWide'), medians('ofAll')];
      const sum = (times: number[]) => times.reduce((total, ms) => total + ms, 0);
      return [
        atMost(`with ${ODD_JOBS} odd jobs, as a multiple`, sum(withOdd) / sum(without), 1.2),
        atMost(`with ${ODD_JOBS} wide jobs, as a multiple`, sum(withWide) / sum(without), 1.2),
        atMost('of wide jobs too, as a multiple', sum(ofWide) / sum(ofAll), 1.2),
        ...QUESTIONS.map(({ name }, at) => {
          const ms = (times: number[]) => `${shown(times[at] ?? 0)} ms`;
          const elsewhere = `${ms(without)} without, ${ms(withOdd)} with odd jobs, ${ms(withWide)} with wide ones`;
          return fact(name, `${elsewhere}; of all jobs ${ms(ofAll)}, of wide ones too ${ms(ofWide)}`);
        }),
      ];
    } finally {
      writer.close();
      await index.close();
    }
  });
}
