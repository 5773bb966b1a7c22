/** What an answer takes behind a number of changed jobs, recent and scattered ones. */
import { openDriver } from '../../src/db/driver.ts';
import type { Indexed } from './column-index.ts';
import { QUESTIONS } from './column-questions.ts';
import { atMost, type Check, fact, percentile, shown } from './table.ts';

const CHANGES = [
  { what: '1 job', which: 'SELECT max(id) FROM job', most: 100 },
  { what: '10,000 recent jobs', which: 'SELECT id FROM job ORDER BY id DESC LIMIT 10000', most: 200 },
  {
    what: '10,000 scattered jobs',
    which: 'SELECT id FROM job WHERE id % (SELECT 1 + max(id) / 10000 FROM job) = 0 LIMIT 10000',
    most: 1_500,
  },
];

const ROUNDS = 5;

/** The jobs stay as they are: their triggers note them all the same. */
export async function changed(path: string, index: Indexed): Promise<Check[]> {
  const writer = openDriver(path, 5_000);
  const [count] = QUESTIONS;
  if (count === undefined) throw new Error('there is no question');
  const checks: Check[] = [];
  try {
    for (const { what, which, most } of CHANGES) {
      const times: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        await writer.exec(`UPDATE job SET energy = energy WHERE id IN (${which})`);
        times.push(await index.ask(count.statement));
      }
      checks.push(
        atMost(`count behind a change of ${what}, median`, percentile(times, 0.5), most, ' ms'),
        fact(`the first of ${ROUNDS}`, `${shown(times[0] ?? 0)} ms`),
      );
    }
  } finally {
    writer.close();
  }
  return checks;
}
