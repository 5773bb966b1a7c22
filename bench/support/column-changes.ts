/** The time of an answer after a number of jobs has changed, both recent and scattered jobs. */
import { openSqlite } from '../../test/support/sqlite.ts';
import type { Indexed } from './column-index.ts';
import { QUESTIONS } from './column-questions.ts';
import { atMost, type Check, fact, percentile, shown } from './table.ts';

const CHANGES = [
  { what: '1 job', jobs: 1, which: 'SELECT max(id) FROM job', most: 100 },
  { what: '10,000 recent jobs', jobs: 10_000, which: 'SELECT id FROM job ORDER BY id DESC LIMIT 10000', most: 250 },
  {
    what: '10,000 scattered jobs',
    jobs: 10_000,
    which: 'SELECT id FROM job WHERE id % (SELECT 1 + max(id) / 10000 FROM job) = 0 LIMIT 10000',
    most: 1_500,
  },
];

const ROUNDS = 5;
/** Fraction of rows, for recent and scattered jobs each. At 3 % in total the index is rebuilt. */
const MOST_CHANGED = 0.015;

/** The jobs keep their values. Their triggers record the update nevertheless. */
export async function changed(path: string, index: Indexed): Promise<Check[]> {
  const writer = openSqlite(path, 5_000);
  const [count] = QUESTIONS;
  if (count === undefined) throw new Error('there is no question');
  const checks: Check[] = [];
  try {
    for (const { what, jobs, which, most } of CHANGES) {
      const rounds = Math.min(ROUNDS, Math.max(1, Math.floor((index.rows * MOST_CHANGED) / jobs)));
      const times: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        await writer.exec(`UPDATE job SET energy = energy WHERE id IN (${which})`);
        times.push(await index.ask(count.question));
      }
      const [named, median] = [`count behind a change of ${what}, median`, percentile(times, 0.5)];
      checks.push(
        // With fewer rounds the code has not been warmed up.
        rounds < ROUNDS ? fact(named, `${shown(median)} ms`) : atMost(named, median, most, ' ms'),
        fact(`the first of ${rounds}`, `${shown(times[0] ?? 0)} ms`),
      );
    }
  } finally {
    writer.close();
  }
  return checks;
}
