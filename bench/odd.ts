/** Questions of the column index while the database has a few jobs that the index does not hold. */
import { migrate } from '../src/db/schema/migrate.ts';
import type { Condition } from '../src/jobs/filter.ts';
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
/** Their user is not valid UTF-8. */
const MAKE_ODD = `UPDATE job SET hpc_user = CAST(x'ff' AS TEXT), cluster = 'odd' WHERE id IN (SELECT id FROM job ORDER BY id DESC LIMIT ${ODD_JOBS})`;

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
    const medians = async () => {
      const all: number[] = [];
      for (const { question } of questions) {
        const times: number[] = [];
        for (let round = 0; round < ROUNDS; round += 1) times.push(await index.ask(question));
        all.push(percentile(times, 0.5));
      }
      return all;
    };
    try {
      await medians(); // warms up
      const [before, without] = [await medians(), await medians()];
      await writer.exec(MAKE_ODD);
      const [after, withOdd] = [await medians(), await medians()];
      const sum = (...lists: number[][]) => lists.flat().reduce((total, ms) => total + ms, 0);
      return [
        atMost(`with ${ODD_JOBS} odd jobs, as a multiple`, sum(after, withOdd) / sum(before, without), 1.2),
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
