/** Questions of the column index while the database has a few jobs that the index does not hold. */
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
/** The odd jobs are on a cluster of their own, and these questions ask for all others. */
const ELSEWHERE: Condition = { kind: 'text', field: 'cluster', operator: 'not', values: ['odd'] };
const IDS = `id IN (SELECT id FROM job ORDER BY id DESC LIMIT ${ODD_JOBS})`;
/** Their user is not valid UTF-8. */
const MAKE_ODD = `UPDATE job SET hpc_user = CAST(x'ff' AS TEXT), cluster = 'odd' WHERE ${IDS}`;
const REPAIR = `UPDATE job SET hpc_user = 'ada', cluster = 'odd' WHERE ${IDS}`;

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  return await withFolder(async (folder) => {
    const { db } = await copyOf(files, folder);
    await migrate(db);
    const writer = openSqlite(db, 5_000);
    const index = await opened(db, folder);
    const questions = QUESTIONS.map(({ name, question }) => {
      const conditions = [...question.jobs.conditions, ELSEWHERE];
      return { name, question: { ...question, jobs: { ...question.jobs, conditions } } };
    });
    /** Times of each question after a change of the jobs, which the first question takes over. */
    const timesAfter = async (change: string) => {
      await writer.exec(change);
      await index.ask({ kind: 'count', jobs: { ...ALL, conditions: [ELSEWHERE] } });
      const times: number[] = [];
      for (const { question } of questions) times.push(await index.ask(question));
      return times;
    };
    try {
      await timesAfter(REPAIR); // warms up
      const rounds: { without: number[]; withOdd: number[] }[] = [];
      // In turns, because the speed of the machine changes.
      for (let round = 0; round < ROUNDS; round += 1) {
        rounds.push({ without: await timesAfter(REPAIR), withOdd: await timesAfter(MAKE_ODD) });
      }
      const medians = (side: 'without' | 'withOdd') =>
        questions.map((_, at) =>
          percentile(
            rounds.map((round) => round[side][at] ?? 0),
            0.5,
          ),
        );
      const [without, withOdd] = [medians('without'), medians('withOdd')];
      const sum = (times: number[]) => times.reduce((total, ms) => total + ms, 0);
      return [
        atMost(`with ${ODD_JOBS} odd jobs, as a multiple`, sum(withOdd) / sum(without), 1.2),
        ...questions.map(({ name }, at) =>
          fact(name, `${shown(without[at] ?? 0)} ms without, ${shown(withOdd[at] ?? 0)} ms with odd jobs`),
        ),
      ];
    } finally {
      writer.close();
      await index.close();
    }
  });
}
