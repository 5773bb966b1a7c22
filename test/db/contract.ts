import { describe, expect, onTestFinished, test } from 'vitest';
import { textOf } from '../../src/db/driver/driver-values.ts';
import type { Database } from '../../src/db/port.ts';
import { savedFilters } from '../../src/db/statements/filters-of-user.ts';
import { schemaVersion } from '../../src/db/statements/stored-schema-version.ts';
import { userByName } from '../../src/db/statements/user-by-name.ts';
import { userConfiguration } from '../../src/db/statements/user-configuration.ts';
import { ClientGone } from '../../src/deadline.ts';
import { savedFilterKey, savedFilterValue } from '../../src/jobs/saved-filter.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { countJobs } from '../../src/questions/count/sqlite.ts';
import { listBatches } from '../../src/questions/list/batches.ts';
import { readAhead } from '../../src/questions/list/read-ahead.ts';
import { oneJob } from '../support/one-job.ts';
import { asked, ENDLESS, small, within } from '../support/pool.ts';

interface Listed {
  jobState: string;
  duration: number;
  submitTime?: number;
}

/** The first jobs of a list. */
async function listed(db: Database): Promise<Listed[]> {
  const options = { page: 1, itemsPerPage: 5, withMetadata: false, nowSec: 1_700_000_000 };
  const [page] = await listBatches(ALL, options)(undefined);
  if (page === undefined) throw new Error('no page');
  return JSON.parse(`[${textOf((await db.readPage(page, within(10_000))).bytes)}]`);
}

const ADMIN = { name: 'root', roles: new Set(['admin', 'api']), projects: [] };
const ALL = visibleTo(ADMIN);

/** What every implementation of the port keeps. `open` gives an empty database of schema 11. */
export function databaseContract(name: string, open: () => Promise<Database>): void {
  const opened = async () => {
    const db = await open();
    onTestFinished(() => db.close(500));
    return db;
  };

  describe(`the port over ${name}`, () => {
    test('answers the rows of a statement, each checked', async () => {
      const db = await opened();
      expect(await db.read(small(42), within(10_000))).toEqual([{ answer: 42 }]);
      expect(await db.read(schemaVersion(), within(10_000))).toEqual([{ version: 11, dirty: false }]);
    });

    test('has what was written', async () => {
      const db = await opened();
      const rows = [oneJob({ jobId: 1n }), oneJob({ jobId: 2n })];
      expect(await db.write('insertJobs', { rows, tags: [] }, within(10_000))).toMatchObject({ inserted: 2 });
      expect(await db.read(countJobs(ALL), within(10_000))).toEqual([{ count: 2 }]);
    });

    test('writes the same job once', async () => {
      const db = await opened();
      const rows = [oneJob({ jobId: 7n })];
      await db.write('insertJobs', { rows, tags: [] }, within(10_000));
      expect(await db.write('insertJobs', { rows, tags: [] }, within(10_000))).toMatchObject({ inserted: 0 });
      expect(await db.read(countJobs(ALL), within(10_000))).toEqual([{ count: 1 }]);
    });

    test('stores the submit times that only the metadata has, in batches', async () => {
      const db = await opened();
      const metas = [{ submitTime: '1599999000' }, {}, { submitTime: '1599998000' }, { submitTime: 'yesterday' }];
      const rows = metas.map((metaData, at) => oneJob({ jobId: BigInt(at + 1), metaData }));
      await db.write('insertJobs', { rows, tags: [] }, within(10_000));
      const fill = (after: string | undefined) => db.write('fillSubmitTimes', { after, limit: 2 }, within(10_000));
      const first = await fill(undefined);
      const second = await fill(first.last);
      expect([first.changed, second.changed, await fill(second.last)]).toEqual([1, 1, { changed: 0 }]);
      expect((await fill(undefined)).changed).toBe(0);
      expect((await listed(db)).map(({ submitTime = 0 }) => submitTime).sort()).toEqual([0, 0, 1599998000, 1599999000]);
    });

    test('stores the true end of a job whose end was assumed', async () => {
      const db = await opened();
      const startTime = 1_600_000_000;
      const running = oneJob({ jobId: 1n, startTime, jobState: 'running', duration: 60, walltime: 600 });
      await db.write('insertJobs', { rows: [running], tags: [] }, within(10_000));
      const overdue = { nowSec: startTime + 2_000, graceSec: 600, limit: 10, after: undefined };
      expect(await db.write('endOverdueJobs', overdue, within(10_000))).toMatchObject({ changed: 1 });
      expect(await listed(db)).toMatchObject([{ jobState: 'failed', duration: 600, monitoringStatus: 2 }]);
      const rows = [oneJob({ jobId: 1n, startTime, jobState: 'completed', duration: 300, walltime: 600 })];
      expect(await db.write('insertJobs', { rows, tags: [] }, within(10_000))).toMatchObject({ inserted: 0, ended: 1 });
      expect(await db.write('insertJobs', { rows, tags: [] }, within(10_000))).toMatchObject({ inserted: 0, ended: 0 });
      expect(await listed(db)).toMatchObject([{ jobState: 'completed', duration: 300 }]);
    });

    test('keeps 64-bit integers exact, there and back', async () => {
      const db = await opened();
      const jobId = 2n ** 63n - 1n;
      await db.write('insertJobs', { rows: [oneJob({ jobId })], tags: [] }, within(10_000));
      const [page] = await listBatches(ALL, { page: 1, itemsPerPage: 5, withMetadata: false, nowSec: 1_700_000_000 })(
        undefined,
      );
      if (page === undefined) throw new Error('no page');
      expect(textOf((await db.readPage(page, within(10_000))).bytes)).toContain(`"jobId":${jobId},`);
    });

    test('pulls a list in batches that follow each other', async () => {
      const db = await opened();
      const rows = Array.from({ length: 1_234 }, (_, number) =>
        oneJob({ jobId: BigInt(number), startTime: 1_600_000_000 + (number % 100) }),
      );
      await db.write('insertJobs', { rows, tags: [] }, within(20_000));
      const next = listBatches(ALL, { page: 1, itemsPerPage: 1_200, withMetadata: false, nowSec: 1_700_000_000 });
      const found: { jobId: number; startTime: number }[] = [];
      for await (const { bytes, rows: count } of readAhead(next, (statement) =>
        db.readPage(statement, within(10_000)),
      )) {
        const batch = JSON.parse(`[${textOf(bytes)}]`);
        expect(batch).toHaveLength(count);
        found.push(...batch);
      }
      expect(found).toHaveLength(1_200);
      expect(new Set(found.map(({ jobId }) => jobId)).size).toBe(1_200);
      expect(found.map(({ startTime }) => startTime)).toEqual(
        found.map(({ startTime }) => startTime).sort((a, b) => b - a),
      );
    });

    test('stops a query at its deadline, and answers the next', async () => {
      const db = await opened();
      await expect(db.read(ENDLESS, within(200))).rejects.toMatchObject({ code: 'deadline_exceeded' });
      expect(await db.read(small(1), within(10_000))).toEqual([{ answer: 1 }]);
    });

    test('stops a query whose client has gone', async () => {
      const db = await opened();
      const client = new AbortController();
      const reading = db.read(ENDLESS, within(60_000, client.signal));
      setTimeout(() => client.abort(), 100);
      await expect(reading).rejects.toBeInstanceOf(ClientGone);
    });

    test('finds an unknown user to be no row', async () => {
      const db = await opened();
      expect(await db.read(userByName("' OR 1=1 --"), within(10_000))).toEqual([]);
    });

    test('stores the settings and the saved filters of a user, and none of an unknown one', async () => {
      const db = await opened();
      const account = { username: 'ada', password: null, name: '', email: '', roles: [], projects: [] };
      await db.write('addAccount', account, within(10_000));
      const save = (username: string, key: string, value: string) =>
        db.write('saveSetting', { username, key, value }, within(10_000));
      expect(await save('ada', 'b', '1')).toEqual({ saved: true });
      expect(await save('ada', 'a', '"x"')).toEqual({ saved: true });
      expect(await save('ada', 'b', '[2]')).toEqual({ saved: true });
      expect(await save('who', 'b', '1')).toEqual({ saved: false });
      expect(await db.read(userConfiguration('ada'), within(10_000))).toEqual([
        { key: 'a', value: '"x"' },
        { key: 'b', value: '[2]' },
      ]);
      const [key, to] = [savedFilterKey('mine'), savedFilterKey('ours')];
      const value = savedFilterValue({ page: 'jobs', query: 'user=ada' });
      const saved = async (username: string) => await db.read(savedFilters(username), within(10_000));
      expect([await saved('ada'), await saved('who')]).toEqual([[{ key: null, value: null }], []]);
      const filter = { username: 'ada', key, value, replaces: false };
      await db.write('saveFilter', filter, within(10_000));
      await expect(db.write('saveFilter', filter, within(10_000))).rejects.toMatchObject({ code: 'conflict' });
      await db.write('renameFilter', { username: 'ada', key, to }, within(10_000));
      expect(await saved('ada')).toEqual([{ key: to, value }]);
      expect(await db.read(userConfiguration('ada'), within(10_000))).toHaveLength(2);
      await db.write('deleteFilter', { username: 'ada', key: to }, within(10_000));
      await expect(db.write('deleteFilter', { username: 'ada', key: to }, within(10_000))).rejects.toMatchObject({
        code: 'not_found',
      });
      await expect(db.write('saveFilter', { ...filter, username: 'who' }, within(10_000))).rejects.toMatchObject({
        code: 'conflict',
      });
    });

    test('answers a wrong statement with internal and without its text', async () => {
      const db = await opened();
      const failing = db.read(asked('SELECT * FROM secrets'), within(10_000));
      await expect(failing).rejects.toMatchObject({
        code: 'internal',
        message: expect.not.stringContaining('secrets'),
      });
    });
  });
}
