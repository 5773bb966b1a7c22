/**
 * Every field of every body: values at its bounds are accepted and stored exactly. Values beyond them or of another
 * type get a 400 that names the field, and nothing changes.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BOUNDS } from '../../src/jobs/input-bounds.ts';
import { losslessJson } from '../../src/lossless-json.ts';
import { faultIn, job, NOW, START_BODY, type TestApp, testApp } from '../support/test-app.ts';

type Body = Record<string, unknown>;
/** The type of a field. */
type Kind = 'int32' | 'int64' | 'number' | 'text' | 'texts' | 'int32s' | 'map of numbers' | 'map of texts' | 'object';

interface Route {
  method: string;
  path: string;
  /** A body that is accepted. */
  body: Body | Body[];
  /** Its fields as paths: `resources.0.hostname`. */
  fields: Record<string, Kind>;
  /** Bounds of this route that are tighter than those of the type. */
  bounds?: Record<string, { least?: bigint; most?: bigint }>;
  user?: [name: string, ...roles: string[]];
}

const START_FIELDS: Record<string, Kind> = {
  jobId: 'int64',
  cluster: 'text',
  subCluster: 'text',
  partition: 'text',
  project: 'text',
  user: 'text',
  shared: 'text',
  exclusive: 'int32',
  monitoringStatus: 'int32',
  startTime: 'int64',
  duration: 'int32',
  walltime: 'int64',
  arrayJobId: 'int64',
  numNodes: 'int32',
  numHwthreads: 'int32',
  numAcc: 'int32',
  smt: 'int32',
  energy: 'number',
  resources: 'object',
  'resources.0.hostname': 'text',
  'resources.0.configuration': 'text',
  'resources.0.hwthreads': 'int32s',
  'resources.0.accelerators': 'texts',
  footprint: 'map of numbers',
  energyFootprint: 'map of numbers',
  metaData: 'map of texts',
  tags: 'object',
  'tags.0.type': 'text',
  'tags.0.name': 'text',
  'tags.0.scope': 'text',
  'tags.0.id': 'int64',
  jobState: 'text',
  requestedMemory: 'int64',
  submitTime: 'int64',
  id: 'int64',
  statistics: 'object',
};

const STARTED = { ...START_BODY, tags: [{ type: 'app', name: 'x', scope: 'global' }] };

const TIME = { least: 0n, most: BigInt(NOW + 86_400) };
const COUNTS = ['arrayJobId', 'duration', 'walltime', 'numHwthreads', 'numAcc', 'smt'];
const TAG_FIELDS: Record<string, Kind> = { '0.type': 'text', '0.name': 'text', '0.scope': 'text', '0.id': 'int64' };
const TAGS = [{ type: 'app', name: 'a', scope: 'global' }];
const ROUTES: Route[] = [
  {
    method: 'POST',
    path: '/api/jobs/start_job/',
    body: STARTED,
    fields: START_FIELDS,
    bounds: {
      monitoringStatus: { least: 0n, most: 3n },
      numNodes: { least: 1n, most: 1n }, // must equal the number of resources
      jobId: { least: 0n },
      startTime: TIME,
      ...Object.fromEntries(COUNTS.map((name) => [name, { least: 0n }])),
    },
  },
  {
    method: 'POST',
    path: '/api/jobs/stop_job/',
    body: { jobId: 1, cluster: 'small', startTime: NOW - 7200, stopTime: NOW, jobState: 'failed' },
    fields: { jobId: 'int64', cluster: 'text', startTime: 'int64', stopTime: 'int64', jobState: 'text' },
    bounds: { jobId: { least: 0n }, startTime: TIME, stopTime: TIME },
  },
  {
    method: 'POST',
    path: '/api/jobs/stop_job/1',
    body: { stopTime: NOW, jobState: 'failed' },
    fields: { stopTime: 'int64', jobState: 'text' },
    bounds: { stopTime: TIME },
  },
  {
    method: 'PATCH',
    path: '/api/jobs/edit_meta/1',
    body: { key: 'note', value: 'x' },
    fields: { key: 'text', value: 'text' },
  },
  {
    method: 'PATCH',
    path: '/api/jobs/edit_meta/',
    body: { jobId: 1, cluster: 'small', startTime: NOW - 7200, payload: { key: 'note', value: 'x' } },
    fields: {
      jobId: 'int64',
      cluster: 'text',
      startTime: 'int64',
      payload: 'object',
      'payload.key': 'text',
      'payload.value': 'text',
    },
    bounds: { jobId: { least: 0n }, startTime: TIME },
  },
  { method: 'POST', path: '/api/jobs/tag_job/1', body: TAGS, fields: TAG_FIELDS },
  { method: 'DELETE', path: '/api/jobs/tag_job/1', body: TAGS, fields: TAG_FIELDS },
  { method: 'DELETE', path: '/api/tags/', body: TAGS, fields: TAG_FIELDS },
  {
    method: 'PUT',
    path: '/api/saved-filters/1',
    body: { page: 'jobs', query: 'user=ada' },
    fields: { page: 'text', query: 'text' },
    user: ['root', 'admin', 'api'],
  },
  {
    method: 'POST',
    path: '/api/nodestate/',
    body: { cluster: 'small', nodes: [{ hostname: 'n01', states: ['idle'] }] },
    fields: {
      cluster: 'text',
      nodes: 'object',
      'nodes.0.hostname': 'text',
      'nodes.0.states': 'texts',
      'nodes.0.cpusAllocated': 'int64',
      'nodes.0.memoryAllocated': 'int64',
      'nodes.0.gpusAllocated': 'int64',
      'nodes.0.jobsRunning': 'int64',
    },
  },
  {
    method: 'DELETE',
    path: '/api/jobs/delete_job/',
    body: { jobId: 1, cluster: 'small', startTime: NOW - 7200 },
    fields: { jobId: 'int64', cluster: 'text', startTime: 'int64' },
  },
  {
    method: 'POST',
    path: '/api/user/max',
    body: { 'add-project': 'p1' },
    fields: { 'add-role': 'text', 'remove-role': 'text', 'add-project': 'text', 'remove-project': 'text' },
    user: ['root', 'admin', 'api'],
  },
];

/** The same body with another value at a path. */
function changed(body: unknown, path: string, value: unknown): unknown {
  const [first = '', ...rest] = path.split('.');
  const next = rest.length === 0 ? value : changed((body as Body)[first] ?? {}, rest.join('.'), value);
  if (Array.isArray(body)) return body.map((member, at) => (String(at) === first ? next : member));
  return { ...(body as Body), [first]: next };
}

const LIMITS = { int32: 2n ** 31n, int64: 2n ** 63n };

/** Values of other types, or beyond the range of the type. */
function wrongFor(kind: Kind): unknown[] {
  switch (kind) {
    case 'int32':
    case 'int64':
      return [LIMITS[kind], -LIMITS[kind] - 1n, 2n ** 100n, 1.5, '1', '', true, [1], {}];
    case 'number':
      return ['1', true, [1], {}];
    case 'text':
      return [1, 0, false, ['x'], {}];
    case 'texts':
      return ['x', 1, [1], [['x']], {}];
    case 'int32s':
      return ['x', 1, ['1'], [2n ** 31n], [1.5], {}];
    case 'map of numbers':
      return ['x', 1, [1], { a: '1' }, { a: {} }];
    case 'map of texts':
      return ['x', 1, ['x'], { a: 1 }, { a: {} }];
    case 'object':
      return ['x', 1, true];
  }
}

/** True if an answer concerns the meaning of the values, and not their form. */
const isAboutForm = (error: string) => error.startsWith('parsing request body failed');

let service: TestApp;
beforeAll(async () => {
  service = await testApp({
    jobs: [job({ jobId: 1, jobState: 'running', tags: [{ type: 'app', name: 'a', scope: 'global' }] })],
    sql: `INSERT INTO hpc_user (username, roles) VALUES ('max', '["user","manager"]')`,
  });
});
afterAll(() => service.close());

/** All data that writes can change. */
async function contents(): Promise<string> {
  const tables = ['job', 'job_cache', 'jobtag', 'tag', 'node', 'node_state', 'hpc_user'];
  return losslessJson(await Promise.all(tables.map((table) => service.query(`SELECT * FROM ${table}`))));
}

describe.each(ROUTES)('$method $path', ({ method, path, body, fields, bounds = {}, user = ['robot', 'api'] }) => {
  const send = async (value: unknown) => await service.send(method, path, losslessJson(value), ...user);

  test.each(Object.entries(fields))(
    '%s, %s: of another type or beyond its range it is refused by name',
    async (field, kind) => {
      const before = await contents();
      const name = field.split('.').at(-1) ?? '';
      for (const value of wrongFor(kind)) {
        const [status, code, error] = await faultIn(await send(changed(body, field, value)));
        expect([status, code], losslessJson(value)).toEqual([400, 'invalid_request']);
        expect(error, losslessJson(value)).toContain(name);
      }
      expect(await contents()).toBe(before);
    },
  );

  test('a field that is needed is named if it is missing', async () => {
    for (const field of Object.keys(fields)) {
      const answer = await send(changed(body, field, undefined));
      if (answer.status !== 400) continue;
      const name = field.split('.').at(-1);
      expect((await faultIn(answer))[2], field).toMatch(
        new RegExp(`${name}\\b.* is (missing|required)|^give one of .*${name}|a tag needs a type and a name`),
      );
    }
  });

  const whole = Object.entries(fields).filter(([, kind]) => kind === 'int32' || kind === 'int64');
  test.each(whole)('%s, %s: at its bounds its form is taken', async (field, kind) => {
    const limit = LIMITS[kind as 'int32' | 'int64'];
    const { least = -limit, most = limit - 1n } = bounds[field] ?? {};
    for (const value of [least, most]) {
      const answer = await send(changed(body, field, value));
      if (answer.ok) continue;
      const [status, , error] = await faultIn(answer);
      expect(status, error).toBeLessThan(500);
      expect(isAboutForm(error), `${value}: ${error}`).toBe(false);
    }
    for (const value of [least - 1n, most + 1n]) {
      const [status, code, error] = await faultIn(await send(changed(body, field, value)));
      expect([status, code], error).toEqual([400, 'invalid_request']);
      expect(error).toContain(field.split('.').at(-1));
    }
  });

  test.each(['nonsense', 'job_id', '__proto__', ''])('an unknown field %j is refused by name', async (name) => {
    const before = await contents();
    const text = losslessJson(Array.isArray(body) ? body[0] : body)
      .trim()
      .replace(/^\{/, `{${JSON.stringify(name)}:1,`);
    const [status, code, error] = await faultIn(
      await service.send(method, path, Array.isArray(body) ? `[${text}]` : text, ...user),
    );
    expect([status, code]).toEqual([400, 'invalid_request']);
    expect(error).toContain(name);
    expect(await contents()).toBe(before);
  });

  test.each(['', ' ', 'null', '1', '"x"', 'true', '[', '{', '{}x', '\u0000', '[null]', '[1]', '[[]]', '[{}'])(
    'a body %j is refused, or means nothing',
    async (text) => {
      const before = await contents();
      const answer = await service.send(method, path, text, ...user);
      // `null` means an empty list of tags, as in Go.
      if (!answer.ok) expect((await faultIn(answer))[0]).toBeOneOf([400, 422]);
      expect(await contents()).toBe(before);
    },
  );
});

describe('what a start keeps', () => {
  let jobId = 1_000n;
  /** The stored value, as text because a number would be rounded. */
  const kept = async (changes: Body, column: string): Promise<unknown> => {
    jobId += 1n;
    const answer = await service.send('POST', '/api/jobs/start_job/', losslessJson({ ...STARTED, jobId, ...changes }));
    expect(answer.status, await answer.clone().text()).toBe(201);
    const [row] = await service.query(`SELECT CAST(${column} AS TEXT) AS value FROM job ORDER BY id DESC LIMIT 1`);
    return row?.['value'];
  };

  test.each<[field: string, column: string, values: bigint[]]>([
    ['jobId', 'job_id', [2n ** 63n - 2n, 2n ** 53n - 1n, 2n ** 53n + 1n]],
    ['walltime', 'walltime', [2n ** 63n - 1n, 0n]],
    ['arrayJobId', 'array_job_id', [2n ** 63n - 1n, 2n ** 53n + 1n]],
    ['numHwthreads', 'num_hwthreads', [0n, 2n ** 31n - 1n]],
    ['numAcc', 'num_acc', [0n, 2n ** 31n - 1n]],
    ['monitoringStatus', 'monitoring_status', [0n, 3n]],
    ['duration', 'duration', [2n ** 31n - 1n, 0n]],
  ])('%s', async (field, column, values) => {
    for (const value of values) expect(await kept({ [field]: value }, column)).toBe(String(value));
  });

  test.each([
    ['user', 'hpc_user'],
    ['project', 'project'],
    ['partition', 'cluster_partition'],
  ])('%s of any kind, as long as it may be', async (field, column) => {
    const hostile = `'"; DROP TABLE job; --\u202e%_\\`.padEnd(BOUNDS.text.most, 'x');
    expect(await kept({ [field]: hostile }, column)).toBe(hostile);
  });
});
