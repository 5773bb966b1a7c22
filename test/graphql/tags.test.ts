/** Tags in queries and mutations (contract/graphql.md §8). The writes: db/writes/tags-by-id. */
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { dataOf, errorsOf } from '../support/graphql.ts';
import { bodyOf, job, type TestApp, testApp } from '../support/test-app.ts';

const FIXTURE = `INSERT INTO tag (id, tag_type, tag_name, tag_scope) VALUES
  (1, 'app', 'vasp', 'global'), (2, 'note', 'look', 'admin'), (3, 'mine', 'todo', 'ada'), (4, 'mine', 'done', 'bob');`;
const ADA = ['ada', 'user'] as const;

let service: TestApp;
let archiveChanges: number;
beforeEach(async () => {
  archiveChanges = 0;
  service = await testApp({
    jobs: [job({ jobId: 101 }), job({ jobId: 102, user: 'bob' })],
    sql: FIXTURE,
    service: () => ({
      archiveChanged: () => {
        archiveChanges += 1;
      },
    }),
  });
});
afterEach(() => service.close());

const ALL = '{ tags { id type name scope } }';
const ADD = 'mutation ($j: ID!, $t: [ID!]!) { addTagsToJob(job: $j, tagIds: $t) { id type name scope } }';
const REMOVE = 'mutation ($j: ID!, $t: [ID!]!) { removeTagsFromJob(job: $j, tagIds: $t) { id } }';
const CREATE =
  'mutation ($t: String!, $n: String!, $s: String!) { createTag(type: $t, name: $n, scope: $s) { id type name scope } }';
const DELETE = 'mutation ($t: [ID!]!) { removeTagFromList(tagIds: $t) }';

const VASP = { id: 1, type: 'app', name: 'vasp', scope: 'global' };
const LOOK = { id: 2, type: 'note', name: 'look', scope: 'admin' };
const TODO = { id: 3, type: 'mine', name: 'todo', scope: 'ada' };

const tagIds = async (...who: string[]) =>
  (await dataOf<{ tags: { id: number }[] }>(service.ask('{ tags { id } }', null, ...who))).tags.map(({ id }) => id);

test('all tags that the caller may read are listed, by id', async () => {
  expect(await dataOf(service.ask(ALL))).toEqual({ tags: [VASP, LOOK] });
  expect(await dataOf(service.ask(ALL, null, ...ADA))).toEqual({ tags: [VASP, TODO] });
});

test('the first 20,000 tags are listed, and the answer says that there are more', async () => {
  const many = await testApp({
    jobs: [1, 2].map((jobId) => job({ jobId })),
    sql: FIXTURE,
    settings: { GRAPHQL_MOST_JOBS: '1' },
  });
  onTestFinished(() => many.close());
  const addUntil = (last: number) =>
    many.write(`WITH RECURSIVE n(x) AS (SELECT max(id) + 1 FROM tag UNION ALL SELECT x + 1 FROM n WHERE x < ${last})
      INSERT INTO tag (id, tag_type, tag_name, tag_scope) SELECT x, 'many', x, 'global' FROM n`);
  type Answer = { data: { tags: object[] }; extensions?: object };
  const shown = async (query: string) => {
    const { data, extensions } = await bodyOf<Answer>(await many.ask(query));
    return [data.tags.length, extensions];
  };
  await addUntil(20_002); // two of them are private
  expect(await shown('{ tags { id } }')).toEqual([20_000, undefined]);
  await addUntil(20_003);
  expect(await shown('{ tags { id } }')).toEqual([20_000, { cut: { tags: 20_000 } }]);
  const both = '{ jobs(page: {page: 1, itemsPerPage: -1}) { items { id } } tags { id } }';
  expect(await shown(both)).toEqual([20_000, { cut: { jobs: 1, setting: 'GRAPHQL_MOST_JOBS', tags: 20_000 } }]);
});

describe('createTag', () => {
  test('returns the tag with its id', async () => {
    const mine = { t: 'new', n: 'one', s: 'ada' };
    expect(await dataOf(service.ask(CREATE, mine, ...ADA))).toEqual({
      createTag: { id: 5, type: 'new', name: 'one', scope: 'ada' },
    });
    expect(await tagIds(...ADA)).toEqual([1, 3, 5]);
    expect(archiveChanges).toBe(0);
  });

  test.each([
    ['a tag of a scope that the caller may not write', { t: 'new', n: 'one', s: 'global' }, 'forbidden'],
    ["another user's scope", { t: 'new', n: 'one', s: 'bob' }, 'forbidden'],
    ['no scope', { t: 'new', n: 'one', s: '' }, 'forbidden'],
    ['no name', { t: 'new', n: '', s: 'ada' }, 'invalid_request'],
    ['a control character', { t: 'new', n: 'a\u0007', s: 'ada' }, 'invalid_request'],
    ['a type and name that are taken', { t: 'mine', n: 'done', s: 'ada' }, 'conflict'],
  ])('refuses %s', async (_, tag, code) => {
    expect(await errorsOf(service.ask(CREATE, tag, ...ADA))).toEqual([['createTag', code]]);
    expect(await tagIds(...ADA)).toEqual([1, 3]);
  });
});

describe('tags of a job', () => {
  const tagsOf = async (id: number) =>
    (await dataOf<{ job: { tags: { id: number }[] } }>(service.ask(`{ job(id: ${id}) { tags { id } } }`))).job.tags;

  test('are added and removed; the answer has those that the caller may read', async () => {
    expect(await dataOf(service.ask(ADD, { j: 1, t: ['1', '2'] }))).toEqual({ addTagsToJob: [VASP, LOOK] });
    expect(await dataOf(service.ask(ADD, { j: '1', t: 3 }, ...ADA))).toEqual({ addTagsToJob: [VASP, TODO] });
    expect(await dataOf(service.ask(REMOVE, { j: 1, t: [1, 1] }))).toEqual({ removeTagsFromJob: [{ id: 2 }] });
    expect(await tagsOf(1)).toEqual([{ id: 2 }]);
    expect(archiveChanges).toBe(3);
  });

  test('stay as they are if none is given', async () => {
    await dataOf(service.ask(ADD, { j: 1, t: [1] }));
    expect(await dataOf(service.ask(ADD, { j: 1, t: [] }))).toEqual({ addTagsToJob: [] });
    expect(await dataOf(service.ask(REMOVE, { j: 1, t: [] }))).toEqual({ removeTagsFromJob: [] });
    expect(await tagsOf(1)).toEqual([{ id: 1 }]);
  });

  test.each([
    ['a tag that does not exist', 1, [3, 99], 'not_found'],
    ["another user's tag", 1, [3, 4], 'not_found'],
    ['a tag of a scope that the caller may not write', 1, [3, 1], 'forbidden'],
    ["another user's job", 2, [3], 'not_found'],
    ['an unknown job', 99, [3], 'not_found'],
    ['an id that is none', 'x', [3], 'invalid_request'],
    ['an id of a tag that is none', 1, [3, '1 OR 1'], 'invalid_request'],
    ['too many tags', 1, Array.from({ length: 2_001 }, (_, n) => n), 'invalid_request'],
  ])('are not changed for %s', async (_, j, t, code) => {
    for (const mutation of [ADD, REMOVE]) {
      const [[, found] = []] = await errorsOf(service.ask(mutation, { j, t }, ...ADA));
      expect(found).toBe(code);
    }
    expect([await tagsOf(1), archiveChanges]).toEqual([[], 0]);
  });

  test('cannot be added twice', async () => {
    await dataOf(service.ask(ADD, { j: 1, t: [1] }));
    expect(await errorsOf(service.ask(ADD, { j: 1, t: [1] }))).toEqual([['addTagsToJob', 'conflict']]);
  });
});

describe('deleting', () => {
  test('removes tags from all jobs', async () => {
    for (const j of [1, 2]) await dataOf(service.ask(ADD, { j, t: [1, 2] }));
    expect(await dataOf(service.ask(DELETE, { t: [2, '1'] }))).toEqual({ removeTagFromList: [2, 1] });
    expect(await tagIds()).toEqual([]);
    expect(await dataOf(service.ask('{ jobs { items { tags { id } } } }'))).toEqual({
      jobs: { items: [{ tags: [] }, { tags: [] }] },
    });
    expect(archiveChanges).toBe(3);
  });

  test('of one tag', async () => {
    const one = 'mutation ($id: ID!) { deleteTag(id: $id) }';
    expect(await dataOf(service.ask(one, { id: '3' }, ...ADA))).toEqual({ deleteTag: 3 });
    expect(await errorsOf(service.ask(one, { id: '3' }, ...ADA))).toEqual([['deleteTag', 'not_found']]);
    expect(await tagIds(...ADA)).toEqual([1]);
  });

  test('is for those who may', async () => {
    expect(await errorsOf(service.ask(DELETE, { t: [3, 1] }, ...ADA))).toEqual([['removeTagFromList', 'forbidden']]);
    expect(await errorsOf(service.ask(DELETE, { t: [1] }, 'sue', 'support'))).toEqual([
      ['removeTagFromList', 'forbidden'],
    ]);
    expect(await tagIds(...ADA)).toEqual([1, 3]);
  });
});

test('mutations run one after another, and a failure stops none of them', async () => {
  const query = `mutation {
    a: createTag(type: "n", name: "a", scope: "global") { id }
    b: addTagsToJob(job: 1, tagIds: [5]) { id }
    c: updateConfiguration(name: "x", value: "{broken")
    d: removeTagsFromJob(job: 1, tagIds: [5]) { id }
  }`;
  const body = await bodyOf<{ errors: { path: string[] }[]; data: unknown }>(await service.ask(query));
  expect(body.errors.map(({ path }) => path)).toEqual([['c']]);
  expect(body.data).toEqual({ a: { id: 5 }, b: [{ id: 5 }], c: null, d: [] });
});
