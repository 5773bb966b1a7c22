import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { countJobs } from '../../src/questions/count/sqlite.ts';
import { jobs, withJobs } from '../support/column-index.ts';
import { testFolder } from '../support/folder.ts';
import { small, testPool, until, within } from '../support/pool.ts';
import { bodyOf, faultIn, testApp } from '../support/test-app.ts';

const EVERY = visibleTo({ name: 'root', roles: new Set(['admin', 'api']), projects: [] });
const byName = countJobs({
  ...EVERY,
  conditions: [{ kind: 'text', field: 'job-name', operator: 'is', values: ['none has it'] }],
});

/** A pool on a file whose second half, with pages of jobs, is overwritten. The pages of tags are in the first half. */
async function damaged() {
  const pool = await testPool({ path: join(testFolder(), 'job.db') });
  await withJobs(pool, jobs(1, 5_000));
  await pool.db.maintain('checkpoint', within(10_000));
  const half = Math.floor(statSync(pool.path).size / 2);
  const file = openSync(pool.path, 'r+');
  writeSync(file, Buffer.alloc(half, 0xff), 0, half, half);
  closeSync(file);
  return pool;
}

test('what SQLite finds damaged is database_damaged, and nothing is written from then on', async () => {
  const { db, warnings } = await damaged();
  await expect(db.read(byName, within(10_000))).rejects.toMatchObject({ code: 'database_damaged' });
  await expect(db.write('copyTags', { rows: [['t', 'n', 'global']] }, within(10_000))).rejects.toMatchObject({
    code: 'database_damaged',
  });
  expect(warnings).toEqual(['the database file is damaged: stop the service and restore a backup']);
});

test('reads that do not meet the damage are answered', async () => {
  const { db } = await damaged();
  await db.read(byName, within(10_000)).catch(() => {});
  expect(await db.read(small(7), within(10_000))).toEqual([{ answer: 7 }]);
});

test('the service says so: 503 with the code, and /healthz is degraded', async () => {
  const { db } = await damaged();
  const service = await testApp({ service: () => ({ db }) });
  try {
    const answer = await service.get('/api/jobs/count?job-name=none');
    expect((await faultIn(answer)).slice(0, 2)).toEqual([503, 'database_damaged']);
    expect(answer.headers.get('Retry-After')).toBeNull();
    await until(() => (db.status().degraded ?? []).length > 0, 10_000);
    const health = await service.app.request('/healthz');
    expect([health.status, await bodyOf(health)]).toEqual([
      200,
      {
        status: 'degraded',
        reason: 'the database file is damaged: stop the service and restore a backup',
      },
    ]);
  } finally {
    await service.close();
  }
});
