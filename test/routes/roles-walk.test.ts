/**
 * Tests every role on every route and page against the table of src/jobs/roles.ts. New routes and roles are included
 * automatically. `onlooker` is a role that only an entry of the table adds: it sees all jobs, but not the names of their
 * users, and may write nothing.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tagsNotOfOthers } from '../../src/http/json/tag-list.ts';
import { type Reach, type Rights, ROLE_RIGHTS, type RouteGroup } from '../../src/jobs/roles.ts';
import { HASH, PASSWORD } from '../support/accounts.ts';
import { addRole } from '../support/added-role.ts';
import { errorsOf } from '../support/graphql.ts';
import { cookieOf, sendLogin } from '../support/login.ts';
import { routesOf } from '../support/routes.ts';
import { bodyOf, faultIn, job, type TestApp, testApp } from '../support/test-app.ts';

const ONLOOKER: Rights = { ...ROLE_RIGHTS.user, jobs: 'all', names: 'own', writesOwn: false };
const TABLE = addRole('onlooker', ONLOOKER);

interface Caller {
  /** The name of the user, who also owns a job. */
  name: string;
  roles: readonly string[];
  rights: readonly Rights[];
}
/** The rights of `api` alone (contract/auth.md §6). */
const MACHINE: Rights = {
  ...{ ...ROLE_RIGHTS.admin, routes: ['api', 'userapi', 'node reports'] },
  readsTags: ['global'],
};
const CALLERS: readonly Caller[] = [
  ...Object.entries(TABLE).flatMap(([role, rights]) =>
    role === 'api'
      ? [{ name: 'just-api', roles: [role], rights: [MACHINE] }]
      : [
          { name: `just-${role}`, roles: [role], rights: [rights] },
          { name: `${role}-and-api`, roles: [role, 'api'], rights: [rights] },
        ],
  ),
  { name: 'nobody', roles: [], rights: [] },
  { name: 'stranger', roles: ['guest', 'api'], rights: [] },
  { name: 'looking-manager', roles: ['onlooker', 'manager', 'api'], rights: [ONLOOKER, ROLE_RIGHTS.manager] },
];

/** Users whose names must not appear: one of the callers' project, and one of another. */
const IN_PROJECT = 'quentin';
const ELSEWHERE = 'zebulon';
const ID = { inProject: 1, elsewhere: 2 };
/** Names of tags: a private one of each of these users, and one for administrators. Both jobs have all of them. */
const PRIVATE_TAG = 'for-my-eyes';
const ADMIN_TAG = 'for-admins';

let service: TestApp;
beforeAll(async () => {
  const names = [...CALLERS, { name: IN_PROJECT, roles: [] }, { name: ELSEWHERE, roles: [] }];
  const accounts = names.map(
    ({ name, roles }) => `('${name}', '${HASH}', 0, '${JSON.stringify(roles)}', '["shared"]')`,
  );
  service = await testApp({
    settings: { JWT_VALIDATE_USER: 'on' },
    jobs: [
      job({ jobId: 101, user: IN_PROJECT, project: 'shared' }),
      job({ jobId: 102, user: ELSEWHERE, project: 'other' }),
      ...CALLERS.map(({ name }, at) => job({ jobId: 200 + at, user: name, project: 'own' })),
    ],
    sql: `INSERT INTO hpc_user (username, password, ldap, roles, projects) VALUES ${accounts.join()};
      INSERT INTO tag (id, tag_type, tag_name, tag_scope) VALUES (1, 't', '${PRIVATE_TAG}-1', '${IN_PROJECT}'),
        (2, 't', '${PRIVATE_TAG}-2', '${ELSEWHERE}'), (3, 't', '${ADMIN_TAG}', 'admin');`,
  });
  await service.write('INSERT INTO jobtag (job_id, tag_id) SELECT job.id, tag.id FROM job, tag');
});
afterAll(() => service.close());

type Headers = Record<string, string>;
const byToken = async ({ name, roles }: Caller): Promise<Headers> => ({
  'X-Auth-Token': await service.token(name, ...roles),
});
const bySession = async ({ name }: Caller): Promise<Headers> => ({
  Cookie: cookieOf(await sendLogin(service, { username: name, password: PASSWORD })),
});

/** Routes that require no login. */
const OPEN = ['/healthz', '/openapi.json', '/assets/:fingerprint/:name', '/login', '/jwt-login', '/logout'];
const ADMINISTRATION = ['/api/system', '/api/users/', '/api/user/:id', '/system'];

function groupOf(path: string): RouteGroup | 'pages' {
  if (path.startsWith('/api/healthcheck')) return 'node reports';
  if (path.startsWith('/api/')) return 'api';
  return path.startsWith('/userapi/') ? 'userapi' : 'pages';
}

type Outcome = 'passes' | 'unauthorized' | 'forbidden';

function expected(path: string, { roles, rights }: Caller, by: 'token' | 'session'): Outcome {
  const opens = (group: RouteGroup) => rights.some(({ routes }) => routes.includes(group));
  const group = groupOf(path);
  if (group !== 'pages' && (by === 'session' || !roles.includes('api') || !opens(group))) return 'unauthorized';
  return ADMINISTRATION.includes(path) && !opens('administration') ? 'forbidden' : 'passes';
}

/** Roles that see no jobs get `forbidden` from routes about jobs, which is not tested here. */
async function outcome(method: string, target: string, headers: Headers): Promise<Outcome> {
  const body = method === 'GET' ? {} : { body: 'null' };
  const answer = await service.app.request(target, { method, headers, ...body });
  if (answer.status === 401) return 'unauthorized';
  return answer.status === 403 && (await answer.text()).includes('missing role') ? 'forbidden' : 'passes';
}

describe.each(CALLERS)('$name with the roles $roles', (caller) => {
  test.each(['token', 'session'] as const)('passes where it may, by %s', async (by) => {
    const headers = await (by === 'token' ? byToken : bySession)(caller);
    const routes = routesOf(service, ['999']).filter(({ path }) => !OPEN.includes(path));
    expect(routes.length).toBeGreaterThan(40);
    for (const { method, path, target } of routes) {
      expect(await outcome(method, target, headers), `${method} ${path}`).toBe(expected(path, caller, by));
    }
  });

  test('reads the names of the users and the tags it may, and no other', async () => {
    const reading = routesOf(service, [String(ID.inProject), String(ID.elsewhere)]).filter(
      ({ method, path }) => method === 'GET' || path === '/api/jobs/' || path.startsWith('/userapi/'),
    );
    const token = await byToken(caller);
    const session = { ...(await bySession(caller)), 'X-Requested-With': 'cc-jobs', 'Sec-Fetch-Site': 'same-origin' };
    const texts: string[] = [];
    for (const headers of [token, session]) {
      for (const { method, target } of reading) {
        const queries = method === 'GET' ? ['', '?group-by=user', '?user.contains=zebu', '?items-per-page=99'] : [''];
        for (const query of queries) {
          const body = method === 'GET' ? {} : { body: target.endsWith('/jobs/') ? '{}' : '["cpu_load"]' };
          texts.push(await (await service.app.request(`${target}${query}`, { method, headers, ...body })).text());
        }
      }
      for (const query of DOCUMENTS) {
        const body = JSON.stringify({ query });
        const json = { ...headers, 'Content-Type': 'application/json' };
        const answer = await service.app.request('/query', { method: 'POST', headers: json, body });
        expect(answer.status, query).toBe(200); // the schema has these fields
        texts.push(await answer.text());
      }
    }
    const found = [IN_PROJECT, ELSEWHERE].filter((name) => texts.some((text) => text.includes(name)));
    expect(found).toEqual(namesFor(caller));
    const tags = [PRIVATE_TAG, ADMIN_TAG].filter((name) => texts.some((text) => text.includes(name)));
    expect(tags).toEqual(caller.rights.some(({ readsTags }) => readsTags.includes('admin')) ? [ADMIN_TAG] : []);
  });
});

interface OwnWrite {
  /** The method and the path as declared. */
  route: string;
  by: 'token' | 'session';
  target: string;
  body: string;
  type: string;
  /** True if the caller must see a job. */
  aboutJob: boolean;
}

/** All requests that write what belongs to the caller alone, in an order in which each of them finds what it changes. */
function ownWrites({ name, job: id, tags: [first, second] }: { name: string; job: number; tags: [number, number] }) {
  const api = (method: string, path: string, target: string, body: object): OwnWrite => ({
    ...{ route: `${method} ${path}`, by: 'token', target, body: JSON.stringify(body) },
    ...{ type: 'application/json', aboutJob: false },
  });
  const form = (path: string, fields: Record<string, string>): OwnWrite => ({
    ...{ route: `POST ${path}`, by: 'session', target: path.replace(':id', String(id)) },
    ...{ body: new URLSearchParams(fields).toString(), type: 'application/x-www-form-urlencoded' },
    aboutJob: path.startsWith('/jobs/'),
  });
  const mutation = (text: string): OwnWrite => ({
    ...api('POST', '/query', '/query', { query: `mutation { ${text} }` }),
    ...{ by: 'session', aboutJob: text.includes('job:') },
  });
  const filter = '/saved-filters/:name';
  const tag = { type: 't', name: `of ${name}`, scope: name };
  return [
    api('PUT', `/userapi${filter}`, '/userapi/saved-filters/a', { page: 'jobs', query: '' }),
    api('DELETE', `/userapi${filter}`, '/userapi/saved-filters/a', {}),
    form('/saved-filters', { do: 'save', name: 'b', page: 'jobs', query: '' }),
    form('/saved-filters', { do: 'replace', name: 'b', page: 'jobs', query: '' }),
    form('/saved-filters', { do: 'rename', name: 'b', to: 'c' }),
    form('/saved-filters', { do: 'delete', name: 'c' }),
    form('/jobs/:id/tags', { ...tag, do: 'add' }),
    form('/jobs/:id/tags', { ...tag, do: 'remove' }),
    mutation('updateConfiguration(name: "k", value: "1")'),
    mutation(`createTag(type: "t", name: "also of ${name}", scope: "${name}") { id }`),
    mutation(`addTagsToJob(job: ${id}, tagIds: [${first}]) { id }`),
    mutation(`removeTagsFromJob(job: ${id}, tagIds: [${first}]) { id }`),
    mutation(`deleteTag(id: ${first})`),
    mutation(`removeTagFromList(tagIds: [${second}])`),
  ];
}

/** Requests of users that are not GET, and write nothing. */
const READS = ['POST /userapi/jobs/', 'POST /userapi/jobs/:id'];

describe('what belongs to the caller alone', () => {
  test.each(CALLERS.map((caller, at) => [caller.name, caller, at] as const))(
    'is written by %s, if it may',
    async (...[name, caller, at]) => {
      const tags: [number, number] = [1000 + 10 * at, 1001 + 10 * at]; // a created tag gets the next number
      const rows = tags.map((id) => `(${id}, 't', 'own ${id}', '${name}')`);
      await service.write(`INSERT INTO tag (id, tag_type, tag_name, tag_scope) VALUES ${rows.join()}`);
      const stored = async () => [
        await service.query(`SELECT confkey FROM configuration WHERE username = '${name}'`),
        await service.query(`SELECT id, tag_name FROM tag WHERE tag_scope = '${name}' ORDER BY id`),
      ];
      const before = await stored();
      const headersBy = { token: await byToken(caller), session: await bySession(caller) };
      const opensByToken = expected('/userapi/', caller, 'token') === 'passes';
      const seesJobs = caller.rights.some(({ jobs }) => jobs !== 'none');
      const mayWrite = caller.rights.length === 0 || caller.rights.some(({ writesOwn }) => writesOwn);
      for (const { route, by, target, body, type, aboutJob } of ownWrites({ name, job: 3 + at, tags })) {
        const headers = { ...headersBy[by], 'Content-Type': type };
        const answer = await service.app.request(target, { method: route.split(' ')[0] ?? '', headers, body });
        const text = await answer.text();
        const got = text.includes('"code":"forbidden"') ? 403 : answer.status;
        const allowed = mayWrite && (seesJobs || !aboutJob) ? (type === 'application/json' ? 200 : 303) : 403;
        expect(got, `${route} ${body} ${text}`).toBe(by === 'token' && !opensByToken ? 401 : allowed);
      }
      if (mayWrite) expect(await stored()).toEqual([[{ confkey: 'k' }], expect.not.arrayContaining(before[1] ?? [])]);
      else expect(await stored()).toEqual(before);
    },
  );

  test('is written by no other request of a user', () => {
    const known = new Set([...ownWrites({ name: '', job: 1, tags: [1, 2] }).map(({ route }) => route), ...READS]);
    const others = routesOf(service, ['1'])
      .filter(({ method, path }) => method !== 'GET' && ['userapi', 'pages'].includes(groupOf(path)))
      .filter(({ path }) => !OPEN.includes(path))
      .map(({ method, path }) => `${method} ${path}`);
    expect(others.filter((route) => !known.has(route))).toEqual([]);
  });

  test('is not removed from a job by a role that may not write it', () => {
    const user = { name: 'vic', roles: new Set(['onlooker', 'api']), projects: [] };
    const [shared, own, other] = ['global', 'vic', 'ada'].map((scope) => ({ type: 't', name: 'n', scope }));
    expect(
      tagsNotOfOthers(
        user,
        [shared, other].flatMap((tag) => tag ?? []),
      ),
    ).toEqual([shared]);
    expect(() => tagsNotOfOthers(user, own === undefined ? [] : [own])).toThrow('do not allow saving tags');
  });
});

/** GraphQL requests whose answers name users or tags. Those that change tags name private ones, which fails. */
const JOB =
  'user project tags { type name scope } userData { username name email } concurrentJobs { listQuery } metaData';
const DOCUMENTS = [
  `{ jobs(page: {page: 1, itemsPerPage: -1}, order: {field: "user", type: "col"}) { count items { ${JOB} } } }`,
  `{ jobs(filter: [{user: {contains: "zebu"}}]) { count items { ${JOB} } } }`,
  `{ jobs(filter: [{tags: [1, 2, 3]}]) { count items { ${JOB} } } }`,
  ...Object.values(ID).flatMap((id) => [
    `{ job(id: ${id}) { ${JOB} } }`,
    `{ jobMetrics(id: ${id}) { name } jobStats(id: ${id}) { name } scopedJobStats(id: ${id}) { name } }`,
  ]),
  ...['USER', 'PROJECT', 'CLUSTER'].map((group) => `{ jobsStatistics(groupBy: ${group}) { id name totalUsers } }`),
  '{ jobsMetricStats { id jobId cluster } }',
  '{ tags { type name scope } }',
  ...[1, 2, 3].flatMap((id) => [
    `mutation { addTagsToJob(job: ${ID.inProject}, tagIds: [${id}, 1, 2]) { type name scope } }`,
    `mutation { removeTagsFromJob(job: ${ID.elsewhere}, tagIds: [${id}, 1, 2]) { type name scope } }`,
    `mutation { removeTagFromList(tagIds: [${id}, 1, 2]) }`,
  ]),
];

function namesFor({ rights }: Caller): string[] {
  const has = (reach: Reach) => rights.some(({ jobs, names }) => jobs !== 'none' && names === reach);
  return has('all') ? [IN_PROJECT, ELSEWHERE] : has('projects') ? [IN_PROJECT] : [];
}

describe('a role that sees all jobs and not whose they are', () => {
  const onlooker = ['onlooker-and-api', 'onlooker', 'api'] as const;
  const userapi = async (path: string) => await service.get(`/userapi/${path}`, ...onlooker);

  test('sees every job, and its own name', async () => {
    const { jobs } = await bodyOf<{ jobs: { user: string }[] }>(await userapi('jobs/?items-per-page=99'));
    expect(jobs).toHaveLength(CALLERS.length + 2);
    expect(new Set(jobs.map(({ user }) => user))).toEqual(new Set(['', 'onlooker-and-api']));
    expect(await bodyOf(await userapi('jobs/count'))).toEqual({ count: CALLERS.length + 2 });
  });

  test('cannot find out by asking', async () => {
    const hidden = [403, 'forbidden', 'the names of users are hidden'];
    for (const path of ['jobs/count?user=zebulon', 'jobs/?user.starts-with=z', 'statistics/jobs?user.not=zebulon']) {
      expect(await faultIn(await userapi(path)), path).toEqual(hidden);
    }
    expect((await faultIn(await userapi('statistics/jobs?group-by=user')))[0]).toBe(400);
    expect((await userapi('statistics/jobs?group-by=project')).status).toBe(200);
  });

  test.each([
    ['jobs.count', '{ jobs(filter: [{user: {eq: "zebulon"}}]) { count } }'],
    ['jobs.items', '{ jobs(order: {field: "user", type: "col"}) { items { id } } }'],
    ['jobs.items', '{ jobs(order: {field: "hpcUser", type: "col", order: DESC}) { items { id } } }'],
    ['jobsStatistics', '{ jobsStatistics(filter: [{user: {startsWith: "z"}}]) { totalJobs } }'],
    ['jobsStatistics', '{ jobsStatistics(groupBy: USER) { totalJobs } }'],
  ])('cannot find out by GraphQL: %s in %s', async (path, query) => {
    const errors = await errorsOf(service.ask(query, null, ...onlooker));
    expect(errors.map(([at, code]) => [path.includes(at), code])).toEqual([[true, 'forbidden']]);
  });

  test('finds every page in order', async () => {
    const headers = await byToken({ name: 'onlooker-and-api', roles: ['onlooker', 'api'], rights: [ONLOOKER] });
    for (const path of ['/', '/jobs', '/jobs/1', '/statistics']) {
      const answer = await service.app.request(path, { headers });
      expect(answer.status, path).toBe(200);
      expect(await answer.text(), path).not.toMatch(/quentin|group-by=user|method="post" action="\/(jobs|saved)/);
    }
  });

  test('sees saved filters of an earlier role, without forms to change them', async () => {
    const value = JSON.stringify({ page: 'jobs', query: 'state=failed' });
    await service.write(`INSERT INTO configuration VALUES ('onlooker-and-api', 'ccjobs_filter:old', '${value}')`);
    const headers = await byToken({ name: 'onlooker-and-api', roles: ['onlooker', 'api'], rights: [ONLOOKER] });
    for (const path of ['/jobs', '/saved-filters']) {
      const text = await (await service.app.request(path, { headers })).text();
      expect([text.includes('>old<'), /action="\/saved-filters"|Rename/.test(text)], path).toEqual([true, false]);
    }
  });
});
