import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bodyOf, faultIn, job, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
beforeEach(async () => {
  service = await testApp({
    jobs: [
      job({
        jobId: 1,
        metaData: { jobName: 'old', jobScript: '#!/bin/sh' },
        tags: [{ type: 'a', name: 'b', scope: 'global' }],
      }),
      job({ jobId: 2, user: 'bob', startTime: 5 }),
      job({ jobId: 2, user: 'bob', startTime: 9 }),
    ],
  });
});
afterEach(() => service.close());

const edit = (id: string, body: unknown, ...who: string[]) => {
  const [user, ...roles] = who;
  return service.send('PATCH', `/api/jobs/edit_meta/${id}`, body, user, ...roles);
};
const stored = async (id: number) => {
  const [row] = await service.query(`SELECT CAST(meta_data AS TEXT) AS m FROM job WHERE id = ${id}`);
  return JSON.parse(String(row?.m));
};

describe('PATCH edit_meta/{id}', () => {
  test('adds an entry, and answers the job with its metadata', async () => {
    const answer = await edit('1', { key: 'note', value: 'seen' });
    expect(answer.status).toBe(200);
    const metaData = { jobName: 'old', jobScript: '#!/bin/sh', note: 'seen' };
    expect(await bodyOf(answer)).toMatchObject({ jobId: 1, metaData, tags: [{ type: 'a', name: 'b' }] });
    expect(await stored(1)).toEqual(metaData);
  });

  test('replaces an entry, and takes any text as key and value', async () => {
    for (const key of ['jobName', '', 'a"b', "a'b", 'a.b[0]', '$', '__proto__', 'ä\n', "x'); DROP TABLE job; --"]) {
      expect((await edit('1', { key, value: `of ${key}` })).status).toBe(200);
      expect(Object.entries(await stored(1))).toContainEqual([key, `of ${key}`]);
    }
    expect((await stored(1)).jobScript).toBe('#!/bin/sh');
  });

  test.each([
    ['NULL', 'NULL'],
    ['a BLOB', 'CAST(\'{"a":"1"}\' AS BLOB)'],
    ['broken JSON', "'{'"],
    ['a list', "'[1]'"],
    ['the text null', "'null'"],
  ])('begins anew, or goes on, where %s is stored', async (what, sql) => {
    await service.close();
    service = await testApp({ sql: insertWithMetadata(sql) });
    expect((await edit('1', { key: 'k', value: 'v' })).status).toBe(200);
    expect(await stored(1)).toEqual(what === 'a BLOB' ? { a: '1', k: 'v' } : { k: 'v' });
  });

  test('looks for the job before it looks at the body', async () => {
    expect((await faultIn(await edit('x', '{')))[0]).toBe(400);
    expect((await faultIn(await edit('99', '{'))).slice(0, 2)).toEqual([404, 'not_found']);
    expect((await faultIn(await edit('99', { key: 'a', value: 'b' }))).slice(0, 2)).toEqual([404, 'not_found']);
    expect((await faultIn(await edit('1', { key: 'a', value: 5 })))[2]).toMatch(/value: must be a string/);
    expect((await faultIn(await edit('1', { key: 'a', other: '' })))[2]).toMatch(/unknown field other/);
  });

  test('takes what is missing as an empty text', async () => {
    await edit('1', {});
    expect(await stored(1)).toMatchObject({ '': '' });
  });
});

describe('PATCH edit_meta/', () => {
  test('changes the newest job of an id, or the one of a start', async () => {
    const payload = { key: 'k', value: 'v' };
    expect(await bodyOf(await edit('', { jobId: 2, payload }))).toMatchObject({ startTime: 9, metaData: { k: 'v' } });
    expect(await bodyOf(await edit('', { jobId: 2, startTime: 5, payload }))).toMatchObject({ startTime: 5 });
  });

  test.each([
    [{ payload: { key: 'a', value: 'b' } }, 400, /'jobId' is required/],
    [{ jobId: 2, payload: { key: 'a', worth: 'b' } }, 400, /unknown field worth/],
    [{ jobId: 3, payload: { key: 'a', value: 'b' } }, 422, /finding job failed/],
    [{ jobId: 2, cluster: 'x', payload: { key: 'a', value: 'b' } }, 422, /finding job failed/],
  ])('refuses %j', async (body, status, why) => {
    expect(await faultIn(await edit('', body))).toEqual([status, expect.any(String), expect.stringMatching(why)]);
  });
});

function insertWithMetadata(sql: string): string {
  return `INSERT INTO job (job_id, cluster, subcluster, hpc_user, project, duration, walltime, job_state, resources, num_nodes, shared, meta_data)
    VALUES (1, 'small', 'main', 'ada', 'p', 1, 1, 'completed', '[]', 1, 'none', ${sql})`;
}
