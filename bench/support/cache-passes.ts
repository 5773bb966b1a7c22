/** One connection with one cache size. It runs a query several times, and reports the time and memory of each pass. */
import { ReadConnection } from '../../src/db/driver/read-connection.ts';
import type { SqlValue } from '../../src/db/statement.ts';
import { testConnection } from '../../test/support/connection-settings.ts';
import { rssMb } from './processes.ts';

const [path = '', cacheMb = '', heapMb = '', name = '', passes = '1'] = process.argv.slice(2);
const RANDOM_ROWS = 200_000;

/** Each query returns one row, so that only reading is measured. The random rows are the same in each pass. */
const QUERIES: Readonly<Record<string, [string, SqlValue[]]>> = {
  scan: ['SELECT CAST(count(*) AS BLOB) AS json FROM job NOT INDEXED WHERE smt = ?', [-1]],
  range: [
    'SELECT CAST(sum(start_time) AS BLOB) AS json FROM job INDEXED BY jobs_cluster_starttime WHERE cluster = ?',
    ['moss'],
  ],
  random: [
    `WITH RECURSIVE pick(step, value) AS (SELECT 1, 12345 UNION ALL
       SELECT step + 1, value * 48271 % 2147483647 FROM pick WHERE step < ?)
     SELECT CAST(sum(job.duration) AS BLOB) AS json
     FROM pick CROSS JOIN job ON job.id = 1 + pick.value % (SELECT max(id) FROM job)`,
    [RANDOM_ROWS],
  ],
};

const connection = await ReadConnection.open({
  path,
  settings: testConnection({
    cacheMb: Number(cacheMb),
    softHeapMb: Number(heapMb) - 1,
    hardHeapMb: Number(heapMb),
  }),
});
const [sql, parameters] = QUERIES[name] ?? ['', []];
const results: { ms: number; rssMb: number }[] = [];
for (let pass = 0; pass < Number(passes); pass++) {
  const startedAt = performance.now();
  await connection.query(sql, parameters);
  results.push({ ms: performance.now() - startedAt, rssMb: rssMb(process.pid) });
}
process.send?.(results);
process.disconnect();
process.kill(process.pid, 'SIGTERM'); // closing would first free gigabytes piece by piece
