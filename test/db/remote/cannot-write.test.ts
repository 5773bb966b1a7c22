/** A libSQL server that answers but cannot write because its disk is full. */
import { expect, onTestFinished, test } from 'vitest';
import type { Database } from '../../../src/db/port.ts';
import { openRemote } from '../../../src/db/remote/open-remote.ts';
import { visibleTo } from '../../../src/jobs/visibility.ts';
import { countJobs } from '../../../src/questions/count/sqlite.ts';
import { oneJob } from '../../support/one-job.ts';
import { within } from '../../support/pool.ts';
import { serverOnSmallDisk } from '../../support/small-disk.ts';

const ALL = visibleTo({ name: 'root', roles: new Set(['admin', 'api']), projects: [] });
const count = async (db: Database) => (await db.read(countJobs(ALL), within(10_000)))[0]?.count;
const insert = (db: Database, jobId: bigint) =>
  db.write('insertJobs', { rows: [oneJob({ jobId })], tags: [] }, within(10_000));

test('writes name its error, the status and the log say so once, and the next write that succeeds ends it', async () => {
  const server = await serverOnSmallDisk();
  const lines: [string, object][] = [];
  const log = { warn: (fields: object, message: string) => void lines.push([message, fields]) };
  const db = openRemote({ url: server.url, mostAtOnce: 16, heartbeat: true, log });
  onTestFinished(() => db.close(200));
  await insert(db, 1n);
  expect(db.status().degraded).toEqual([]);
  server.fill();
  for (let jobId = 2n; jobId <= 4n; jobId++) {
    await expect(insert(db, jobId)).rejects.toMatchObject({
      code: 'outcome_unknown',
      message:
        'the commit failed at the libSQL server (SQLITE_IOERR): check whether the change was applied before retrying',
    });
  }
  expect(db.status()).toMatchObject({ alive: true, degraded: ['the libSQL server cannot write (SQLITE_IOERR)'] });
  expect(lines).toEqual([
    ['the libSQL server cannot write: check its disk, or DB_AUTH_TOKEN', { code: 'SQLITE_IOERR' }],
  ]);
  expect(await count(db)).toBe(1); // reads still work
  // A write that changes nothing does not show that writing works again.
  await db.write('deleteJobsBefore', { before: 1n, after: undefined, omit: 'none', limit: 10 }, within(10_000));
  expect(db.status().degraded).toHaveLength(1);
  server.makeRoom();
  await insert(db, 5n);
  expect(db.status().degraded).toEqual([]);
  expect(lines.map(([message]) => message).slice(1)).toEqual(['the libSQL server can write again']);
  expect(await count(db)).toBe(2);
});
