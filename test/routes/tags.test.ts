import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bodyOf, faultIn, job, type TestApp, testApp } from '../support/test-app.ts';

const VASP = { type: 'app', name: 'vasp', scope: 'global' };
const SECRET = { type: 'note', name: 'look', scope: 'admin' };
const ADAS = { type: 'mine', name: 'todo', scope: 'ada' };

let service: TestApp;
beforeEach(async () => {
  service = await testApp({ jobs: [job({ jobId: 1, tags: [VASP] }), job({ jobId: 2, tags: [VASP, SECRET, ADAS] })] });
});
afterEach(() => service.close());

const ask = (method: string, path: string, body: unknown, ...who: string[]) => {
  const [user, ...roles] = who;
  return service.send(method, `/api/${path}`, body, user, ...roles);
};
const tagsIn = async (answer: Response) => (await bodyOf<{ tags?: { name: string; scope: string }[] }>(answer)).tags;
const links = async (id: number) =>
  (
    await service.query(`SELECT tag_name AS n FROM jobtag JOIN tag ON tag.id = tag_id WHERE job_id = ${id} ORDER BY 1`)
  ).map(({ n }) => n);

describe.each(['POST', 'PATCH'])('%s tag_job/{id}', (method) => {
  test('adds tags, makes those that are new, and answers the job with what the caller may read and has added', async () => {
    const answer = await ask(method, 'jobs/tag_job/1', [{ type: 'new', name: 'one' }, SECRET]);
    expect(answer.status).toBe(200);
    // A machine account may write tags for admins. It may only read those that it has just added.
    expect((await tagsIn(answer))?.map(({ name, scope }) => [name, scope]).sort()).toEqual([
      ['look', 'admin'],
      ['one', 'global'],
      ['vasp', 'global'],
    ]);
    expect(await links(1)).toEqual(['look', 'one', 'vasp']);
    expect(await tagsIn(await ask(method, 'jobs/tag_job/1', []))).toHaveLength(2);
  });

  test('adds a tag that is there once', async () => {
    expect((await ask(method, 'jobs/tag_job/1', [VASP, VASP])).status).toBe(200);
    expect(await links(1)).toEqual(['vasp']);
  });

  test.each([
    ['an id that is none', 'x', [VASP], 400],
    ['an unknown job', '99', [VASP], 404],
    ['a body that is no list', '1', VASP, 400],
    ['an unknown field', '1', [{ ...VASP, colour: 'red' }], 400],
    ['a tag without a type', '1', [{ name: 'x' }], 400],
    ['a scope of somebody else', '1', [{ ...ADAS, name: 'x' }], 403],
    ['a tag that exists in another scope', '1', [{ ...SECRET, scope: 'global' }], 422],
  ])('refuses %s, and adds nothing', async (_, id, body, status) => {
    const before = await service.query('SELECT * FROM tag');
    const tags = Array.isArray(body) ? [{ type: 'new', name: 'first' }, ...body] : body;
    expect((await faultIn(await ask(method, `jobs/tag_job/${id}`, tags)))[0]).toBe(status);
    expect(await service.query('SELECT * FROM tag')).toEqual(before);
    expect(await links(1)).toEqual(['vasp']);
  });
});

describe('DELETE tag_job/{id}', () => {
  test('takes tags off, passing over those without a scope, those of others, and those that are not on the job', async () => {
    const body = [VASP, { ...SECRET, scope: '' }, ADAS];
    const answer = await ask('DELETE', 'jobs/tag_job/2', body, 'root', 'admin', 'api');
    expect((await tagsIn(answer))?.map(({ name }) => name)).toEqual(['look']);
    expect(await links(2)).toEqual(['look', 'todo']);
    expect((await ask('DELETE', 'jobs/tag_job/1', [SECRET])).status).toBe(200);
    expect(await service.query('SELECT count(*) AS n FROM tag')).toEqual([{ n: 3 }]);
  });

  test('takes off the private tag of its caller', async () => {
    expect((await ask('DELETE', 'jobs/tag_job/2', [ADAS], 'ada', 'admin', 'api')).status).toBe(200);
    expect(await links(2)).toEqual(['look', 'vasp']);
  });

  test('refuses a tag that is none, and takes none off', async () => {
    const body = [VASP, { type: 'app', name: 'other', scope: 'global' }];
    expect((await faultIn(await ask('DELETE', 'jobs/tag_job/2', body))).slice(0, 2)).toEqual([404, 'not_found']);
    expect(await links(2)).toEqual(['look', 'todo', 'vasp']);
  });
});

describe('DELETE tags/', () => {
  test('deletes tags everywhere, and says it as ever', async () => {
    const answer = await ask('DELETE', 'tags/', [VASP, SECRET, ADAS]);
    expect(answer.headers.get('Content-Type')).toMatch(/^text\/plain/);
    expect([answer.status, await answer.text()]).toEqual([200, 'Deleted Tags from DB: 2 successfull of 3 requested\n']);
    expect(await service.query('SELECT tag_name AS n FROM tag')).toEqual([{ n: 'todo' }]);
    expect(await links(2)).toEqual(['todo']);
  });

  test('refuses a tag that is none, and deletes none', async () => {
    const body = [VASP, { ...VASP, scope: 'admin' }];
    expect((await faultIn(await ask('DELETE', 'tags/', body))).slice(0, 2)).toEqual([404, 'not_found']);
    expect(await service.query('SELECT count(*) AS n FROM tag')).toEqual([{ n: 3 }]);
  });
});
