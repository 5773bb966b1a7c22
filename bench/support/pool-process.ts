/**
 * A parent process to be killed. It opens the pool, runs scans on its readers if requested, and reports process ids.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Statement } from '../../src/db/statement.ts';
import { startDeadline } from '../../src/deadline.ts';
import { benchPool, READERS } from './pool.ts';

const [path = '', load] = process.argv.slice(2);
/** Counts for minutes in one step, in constant memory. */
const ENDLESS: Statement<unknown> = {
  name: 'endless',
  sql: `WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000000000)
        SELECT CAST(json_array(count(*)) AS BLOB) AS json FROM n`,
  parameters: [],
  row: { parse: (value) => value },
};
const LONG_MS = 60_000;

const db = await benchPool(path);
if (load === 'busy') {
  for (let at = 0; at < READERS; at++) db.read(ENDLESS, startDeadline(LONG_MS)).catch(() => {});
}
const busy = () => db.status().processes.filter(({ state }) => state === 'busy').length;
while (load === 'busy' && busy() < READERS) await sleep(10);
process.send?.(db.status().processes.map(({ pid }) => pid));
