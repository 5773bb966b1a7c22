/** No input of a caller is stored beyond the bounds of src/jobs/input-bounds.ts, for any field and route. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BOUNDS } from '../../src/jobs/input-bounds.ts';
import { bodyOf, faultIn, job, START_BODY, type TestApp, testApp } from '../support/test-app.ts';

type Schema = {
  type?: string | string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  maxLength?: number;
  maxItems?: number;
  maxProperties?: number;
};
interface Operation {
  requestBody?: { content: Record<string, { schema: Schema }> };
}

let service: TestApp;
beforeEach(async () => {
  service = await testApp({
    jobs: [job({ jobId: 1, jobState: 'running', tags: [{ type: 'app', name: 'a', scope: 'global' }] })],
    sql: `INSERT INTO hpc_user (username, roles) VALUES ('max', '["user","manager"]')`,
    settings: { BODY_LIMIT_MB: '64' },
  });
});
afterEach(() => service.close());

const STORED = ['job', 'job_cache', 'jobtag', 'tag', 'node', 'node_state', 'hpc_user'];
async function contents(): Promise<string> {
  const rows = await Promise.all(STORED.map((table) => service.query(`SELECT * FROM ${table}`)));
  return JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}

/** Each text, list and map of a schema: its path, and a value that is one too long. */
type Way = readonly (string | number)[];
interface Field {
  way: Way;
  tooMuch: unknown;
}
function* fieldsOf(schema: Schema, way: Way = []): Generator<Field> {
  for (const choice of schema.anyOf ?? []) yield* fieldsOf(choice, way);
  const types = [schema.type].flat();
  // The document does not have bounds in bytes. There is one, for values of the metadata.
  if (types.includes('string')) yield { way, tooMuch: 'x'.repeat((schema.maxLength ?? BOUNDS.metaValue.most) + 1) };
  if (schema.items !== undefined) {
    yield { way, tooMuch: new Array((schema.maxItems ?? 0) + 1).fill(null) };
    yield* fieldsOf(schema.items, [...way, 0]);
  }
  if (typeof schema.additionalProperties === 'object') {
    const keys = Array.from({ length: (schema.maxProperties ?? 0) + 1 }, (_, at) => [`k${at}`, null]);
    yield { way, tooMuch: Object.fromEntries(keys) };
    yield* fieldsOf(schema.additionalProperties, [...way, 'some']);
  }
  for (const [name, member] of Object.entries(schema.properties ?? {})) yield* fieldsOf(member, [...way, name]);
}

/** A body with a value at a path. */
function bodyWith(way: Way, value: unknown): unknown {
  const [first, ...rest] = way;
  if (first === undefined) return value;
  return typeof first === 'number' ? [bodyWith(rest, value)] : { [first]: bodyWith(rest, value) };
}

test('every text, list and map of every body is refused by its name where it is too long, and nothing is stored', async () => {
  const { paths } = await bodyOf<{ paths: Record<string, Record<string, Operation>> }>(
    await service.app.request('/openapi.json'),
  );
  const seen: string[] = [];
  const before = await contents();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { requestBody }] of Object.entries(methods)) {
      const schema = requestBody?.content['application/json']?.schema;
      if (schema === undefined || path.startsWith('/userapi')) continue;
      if (path === '/query') continue; // the bounds are those of its arguments: test/graphql
      for (const { way, tooMuch } of fieldsOf(schema)) {
        const field = way.join('.');
        if (field === 'metaData.some' || field.startsWith('tags.0.')) continue; // cut or left out, see below
        const answer = await service.send(
          method.toUpperCase(),
          path.replace(/\{\w+\}/, '1'),
          JSON.stringify(bodyWith(way, tooMuch)),
          'root',
          'admin',
          'api',
        );
        const [status, code, error] = await faultIn(answer);
        expect([status, code], `${method} ${path} ${field}`).toEqual([400, 'invalid_request']);
        // A small body may not have this many values.
        expect(error, `${method} ${path} ${field}`).toMatch(/must have at most \d+|more than \d+ values/);
        const name = way.findLast((part) => typeof part === 'string' && part !== 'some');
        if (name !== undefined && !error.includes('values')) expect(error).toContain(name);
        seen.push(`${method} ${path} ${field}`);
      }
    }
  }
  expect(await contents()).toBe(before);
  expect(seen).toEqual(
    expect.arrayContaining([
      'post /api/jobs/start_job/ user',
      'post /api/jobs/start_job/ resources.0.hostname',
      'post /api/jobs/tag_job/{id} 0.name',
      'post /api/nodestate/ nodes.0.hostname',
      'post /api/user/{id} add-project',
      'patch /api/jobs/edit_meta/ payload.value',
    ]),
  );
}, 300_000);

const start = async (changes: object) =>
  await service.send('POST', '/api/jobs/start_job/', { ...START_BODY, ...changes });

describe('metadata of a start', () => {
  test('a job script of 4 MB is kept whole, a longer one is cut between two characters and logged', async () => {
    const whole = 'x'.repeat(BOUNDS.metaValue.most);
    const long = `${'x'.repeat(BOUNDS.metaValue.most - 1)}€ and more`;
    expect((await start({ metaData: { jobScript: whole } })).status).toBe(201);
    expect(service.lines.filter(({ level }) => level === 'warn')).toEqual([]);
    expect((await start({ jobId: 8, metaData: { jobScript: long, jobName: 'n' } })).status).toBe(201);
    const stored = await service.query(`SELECT meta_data ->> 'jobScript' AS script, meta_data ->> 'jobName' AS name
      FROM job WHERE job_id IN (7, 8) ORDER BY job_id`);
    expect(stored.map(({ script }) => String(script) === whole)).toEqual([true, false]);
    expect(String(stored[1]?.['script']) === whole.slice(1)).toBe(true);
    expect(stored[1]?.['name']).toBe('n');
    expect(service.lines.find(({ level }) => level === 'warn')?.fields['cut']).toEqual([
      { key: 'jobScript', bytes: BOUNDS.metaValue.most + 11 },
    ]);
  });

  test('all of it together is bounded too', async () => {
    const metaData = Object.fromEntries(Array.from({ length: 6 }, (_, at) => [`k${at}`, 'x'.repeat(4_000_000)]));
    expect((await start({ metaData })).status).toBe(201);
    const [row] = await service.query('SELECT length(meta_data) AS n FROM job WHERE job_id = 7');
    expect(Number(row?.['n'])).toBeLessThan(BOUNDS.metaTotal.most + 1000);
    expect(service.lines.find(({ level }) => level === 'warn')?.fields['cut']).toHaveLength(2);
  });
});

describe('what grows by one write after the other', () => {
  test('entries of the metadata', async () => {
    const full = Object.fromEntries(Array.from({ length: BOUNDS.metaEntries.most }, (_, at) => [`k${at}`, 'x']));
    expect((await start({ metaData: full })).status).toBe(201);
    const [row] = await service.query('SELECT id FROM job WHERE job_id = 7');
    const edit = (key: string) => service.send('PATCH', `/api/jobs/edit_meta/${row?.['id']}`, { key, value: 'y' });
    expect((await edit('k0')).status).toBe(200);
    expect((await faultIn(await edit('new'))).slice(0, 2)).toEqual([422, 'conflict']);
  });

  test('bytes of the metadata', async () => {
    const edit = (key: string) =>
      service.send('PATCH', '/api/jobs/edit_meta/1', { key, value: 'y'.repeat(BOUNDS.metaValue.most) });
    for (const key of ['a', 'b', 'c']) expect((await edit(key)).status).toBe(200);
    expect((await faultIn(await edit('d'))).slice(0, 2)).toEqual([422, 'conflict']);
    const keys = await service.query('SELECT key FROM job, json_each(meta_data) WHERE job_id = 1');
    expect(keys).toHaveLength(3);
  });

  test('tags of a job', async () => {
    const tags = Array.from({ length: BOUNDS.tagsOfJob.most - 1 }, (_, at) => ({ type: 't', name: `n${at}` }));
    expect((await service.send('POST', '/api/jobs/tag_job/1', tags)).status).toBe(200);
    const more = await service.send('POST', '/api/jobs/tag_job/1', [{ type: 't', name: 'more' }]);
    expect((await faultIn(more)).slice(0, 2)).toEqual([422, 'conflict']);
    expect(await service.query(`SELECT 1 FROM tag WHERE tag_name = 'more'`)).toEqual([]);
  });

  test.each(['POST', 'PATCH'])('tags of a job in one request: %s refuses more than it may have', async (method) => {
    const list = (count: number) => Array.from({ length: count }, (_, at) => ({ type: 't', name: `n${at}` }));
    const put = (tags: unknown) => service.send(method, '/api/jobs/tag_job/1', tags);
    const before = await contents();
    for (const tags of [list(BOUNDS.tagsOfJob.most + 1), list(BOUNDS.tagsInBody.most)]) {
      const [status, code, error] = await faultIn(await put(tags));
      expect([status, code, error]).toEqual([
        422,
        'conflict',
        expect.stringContaining('tags of a job (at most 1000 entries)'),
      ]);
    }
    expect((await faultIn(await put(list(BOUNDS.tagsInBody.most + 1)))).slice(0, 2)).toEqual([400, 'invalid_request']);
    const foreign = { type: 't', name: 'x', scope: 'bob' };
    expect((await faultIn(await put([...list(BOUNDS.tagsOfJob.most + 1), foreign]))).slice(0, 2)).toEqual([
      403,
      'forbidden',
    ]);
    expect(await contents()).toBe(before);
    // The same tag several times counts as one.
    expect((await put(Array(BOUNDS.tagsInBody.most).fill({ type: 't', name: 'n0' }))).status).toBe(200);
  });

  test('private tags of a user: tag_job refuses, a start is stored without them', async () => {
    const { most } = BOUNDS.privateTags;
    const fill = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${most})
      INSERT INTO tag (tag_type, tag_name, tag_scope) SELECT 'mine', 'n' || i, 'ada' FROM n`;
    await service.close();
    service = await testApp({ jobs: [job()], sql: fill });
    const mine = { type: 'mine', name: 'new', scope: 'ada' };
    const refused = await service.send('POST', '/api/jobs/tag_job/1', [mine], 'ada', 'admin', 'api');
    expect((await faultIn(refused)).slice(0, 2)).toEqual([422, 'conflict']);
    const known = { ...mine, name: 'n1' };
    expect((await service.send('POST', '/api/jobs/tag_job/1', [known], 'ada', 'admin', 'api')).status).toBe(200);
    const body = { ...START_BODY, tags: [mine, known] };
    const answer = await service.send('POST', '/api/jobs/start_job/', body, 'ada', 'admin', 'api');
    expect([answer.status, await answer.json()]).toEqual([201, { msg: 'success', tagsLeftOut: [mine] }]);
  });

  test('projects of an account', async () => {
    const projects = JSON.stringify(Array.from({ length: BOUNDS.projectsOfAccount.most }, (_, at) => `p${at}`));
    await service.close();
    service = await testApp({
      sql: `INSERT INTO hpc_user (username, roles, projects) VALUES ('eve', '["manager"]', '${projects}')`,
    });
    const add = { 'add-project': 'one-more' };
    const refused = await service.send('POST', '/api/user/eve', add, 'root', 'admin', 'api');
    expect((await faultIn(refused)).slice(0, 2)).toEqual([422, 'conflict']);
  });
});

describe('the tag form of the page of a job', () => {
  const mine = { type: 'mine', name: 'first', scope: 'ada' };
  const put = async (fields: object) => {
    const headers = { 'X-Auth-Token': await service.token('ada', 'user'), Accept: 'application/json' };
    const body = new URLSearchParams({ do: 'add', ...mine, ...fields });
    return await service.app.request('/jobs/1/tags', { method: 'POST', headers, body });
  };

  test.each([
    ['type', BOUNDS.tagType.most],
    ['name', BOUNDS.tagName.most],
    ['scope', BOUNDS.text.most],
  ])('refuses a %s of more than %d characters in the words of the API', async (field, most) => {
    const tooLong = { [field]: 'x'.repeat(most + 1) };
    const asAdmin = (method: string, body: unknown) =>
      service.send(method, '/api/jobs/tag_job/1', body, 'ada', 'admin', 'api');
    const before = await contents();
    const [, , words] = await faultIn(await asAdmin('POST', [{ ...mine, ...tooLong }]));
    expect(words).toBe(`parsing request body failed: 0.${field}: must have at most ${most} characters`);
    expect((await faultIn(await asAdmin('DELETE', [{ ...mine, ...tooLong }])))[2]).toBe(words);
    for (const what of ['add', 'remove']) {
      const answer = await put({ do: what, ...tooLong });
      expect(answer.status).toBe(400);
      expect(await answer.text()).toContain(`${field}: must have at most ${most} characters`);
    }
    expect(await contents()).toBe(before);
  });

  test('takes what is as long as it may be, as often as the job may have tags', async () => {
    const longest = { type: 'x'.repeat(BOUNDS.tagType.most), name: 'x'.repeat(BOUNDS.tagName.most) };
    expect((await put(longest)).status).toBe(303);
    const tags = Array.from({ length: BOUNDS.tagsOfJob.most - 2 }, (_, at) => ({ type: 't', name: `n${at}` }));
    expect((await service.send('POST', '/api/jobs/tag_job/1', tags)).status).toBe(200);
    const before = await contents();
    expect((await put({})).status).toBe(422);
    expect(await contents()).toBe(before);
  });
});

describe('tags of a start', () => {
  const LEFT = 'tagsLeftOut';
  test('the job is stored whatever its tags, and the answer names those that it did not get', async () => {
    const secret = { type: 'app', name: 'newcode', scope: 'ada' };
    expect((await service.send('POST', '/api/jobs/tag_job/1', [secret], 'ada', 'admin', 'api')).status).toBe(200);
    const taken = { type: 'app', name: 'newcode', scope: 'global' };
    const foreign = { type: 'app', name: 'other', scope: 'bob' };
    const good = { type: 'app', name: 'vasp', scope: 'global' };
    const answer = await start({ tags: [{ type: 'app', name: 'newcode' }, foreign, good] });
    expect([answer.status, await answer.json()]).toEqual([201, { msg: 'success', [LEFT]: [foreign, taken] }]);
    const links = await service.query(`SELECT tag_name AS n, tag_scope AS s FROM jobtag JOIN tag ON tag.id = tag_id
      JOIN job ON job.id = jobtag.job_id WHERE job.job_id = 7`);
    expect(links).toEqual([{ n: 'vasp', s: 'global' }]);
    const logged = service.lines.filter(({ level }) => level === 'warn');
    expect(logged.map(({ message, fields }) => [message, fields['tags']])).toEqual([
      ['a job was started without some of its tags: this caller cannot write them', [foreign, taken]],
    ]);
    expect((await start({ jobId: 9, tags: [good] }).then((other) => other.json())) as object).toEqual({
      msg: 'success',
    });
  });

  test('tag_job stays all or nothing, and says neither whose a tag is nor that it is private', async () => {
    await service.send(
      'POST',
      '/api/jobs/tag_job/1',
      [{ type: 'app', name: 'x', scope: 'ada' }],
      'ada',
      'admin',
      'api',
    );
    const both = [
      { type: 'app', name: 'first' },
      { type: 'app', name: 'x' },
    ];
    const [status, code, error] = await faultIn(await service.send('POST', '/api/jobs/tag_job/1', both));
    expect([status, code]).toEqual([422, 'conflict']);
    expect(error).not.toMatch(/ada|private|scope/);
    expect(await service.query(`SELECT 1 FROM tag WHERE tag_name = 'first'`)).toEqual([]);
  });
});
