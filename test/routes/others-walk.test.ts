/**
 * Jobs, accounts, tags, node states and saved filters that a caller may not see change no byte of any answer: asks every
 * route and page of two services, one of which has them. New routes are included automatically.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Job } from '../../src/jobs/job.ts';
import { routesOf } from '../support/routes.ts';
import { job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const HOUR = 3600;
/** A user, and a manager of project p2. */
const CALLERS = [
  ['ada', 'user', 'api'],
  ['max', 'manager', 'api'],
] as const;

/** Jobs of every kind: failed and running ones, on several nodes and partitions, some in arrays. */
const jobsOf = (user: string, project: string, firstId: number, count: number, more: Partial<Job> = {}) =>
  Array.from({ length: count }, (_, at) =>
    job({
      ...{ user, project, jobId: firstId + at, arrayJobId: at % 7 === 0 ? 77 : 0, partition: `part${at % 3}` },
      ...{ startTime: NOW - 2 * HOUR - at * 5 * HOUR, submitTime: NOW - 3 * HOUR - at * 5 * HOUR, duration: 600 + at },
      ...{ jobState: at % 6 === 0 ? 'failed' : at % 11 === 0 ? 'running' : 'completed', numHwthreads: 2, energy: at },
      resources: [{ hostname: `n0${1 + (at % 9)}` }],
      footprint: { cpu_load_avg: 1 + (at % 3), mem_used_max: 10 },
      metaData: { jobName: `relax_${at}` },
      ...more,
    }),
  );
const SEEN = [...jobsOf('ada', 'p1', 100, 40), ...jobsOf('max', 'p1', 300, 10), ...jobsOf('eve', 'p2', 400, 30)];
const UNSEEN = [
  ...jobsOf('zebulon', 'p9', 100, 60, { partition: 'unseen', footprint: { cpu_load_avg: 60, mem_used_max: 200 } }),
  ...jobsOf('quentin', 'p8', 2000, 60, { cluster: 'elsewhere', subCluster: 'x', resources: [{ hostname: 'h77' }] }),
  job({
    jobId: 9999,
    user: 'quentin',
    startTime: 1,
    jobState: 'running',
    numNodes: 4000,
    numHwthreads: 1e6,
    energy: 1e6,
  }),
];

const account = (name: string, roles: string, projects: string) =>
  `INSERT INTO hpc_user (username, ldap, name, roles, projects) VALUES ('${name}', 0, 'Name of ${name}', '${roles}', '${projects}');`;
const tag = (id: number, scope: string) =>
  `INSERT INTO tag (id, tag_type, tag_name, tag_scope) VALUES (${id}, 't', 'tag${id}', '${scope}');`;
const SEEN_ROWS = [
  account('ada', '["user","api"]', '[]'),
  account('max', '["manager","api"]', '["p2"]'),
  account('root', '["admin","api"]', '[]'),
  ...[tag(1, 'ada'), tag(2, 'global'), tag(3, 'max')],
].join('');
const UNSEEN_ROWS = `${account('zebulon', '["user"]', '["p9"]')}${tag(11, 'zebulon')}${tag(12, 'admin')}
  INSERT INTO node (id, hostname, cluster, subcluster) VALUES (1, 'n01', 'small', 'main'), (2, 'n99', 'small', 'main');
  INSERT INTO node_state (time_stamp, node_id, node_state, health_state) VALUES (${NOW - 100}, 1, 'down', 'failed');
  INSERT INTO configuration (username, confkey, value) VALUES ('zebulon', 'ccjobs_filter:x', '{"page":"jobs","query":""}');`;
const TAGGED = 'INSERT INTO jobtag (job_id, tag_id) SELECT job.id, tag.id FROM job, tag WHERE job.id % 3 = tag.id % 3';

let alone: TestApp;
let among: TestApp;
beforeAll(async () => {
  const settings = { JWT_VALIDATE_USER: 'on' } as const;
  alone = await testApp({ settings, jobs: SEEN, sql: SEEN_ROWS });
  among = await testApp({ settings, jobs: [...SEEN, ...UNSEEN], sql: SEEN_ROWS + UNSEEN_ROWS });
  await alone.write(TAGGED);
  await among.write(TAGGED);
}, 60_000);
afterAll(async () => {
  await alone.close();
  await among.close();
});

/** Parts of paths: a job of ada, one of others, and names of others. */
const IDS = ['1', '130', 'zebulon', 'p9'];
const NODES = ['/nodes/small/n01', '/nodes/small/n99', '/nodes/elsewhere/h77'];
/** Queries of routes that accept the first one of their line. */
const QUERIES = [
  ['cluster=small', 'tag=11', 'user=zebulon', 'partition=unseen', 'node=h77', 'duration=99999-&cluster=elsewhere'],
  ['group-by=tag', 'group-by=node,subcluster', 'group-by=name-family', 'group-by=user,state'],
  ['sort-by=wait', 'sort-by=cores-used'],
  ['columns=id,jobId,user,hosts,tags,memoryUsed'],
  ['of=wait', 'of=cores-used&group-by=user'],
  ['q=z', 'q=h7', 'q=n9', 'q=Name', 'q=p', 'q=100', 'q=2000'],
  ['user=ada&cluster=small', 'user=zebulon&cluster=small', 'db-id=130'],
  ['month=2027-01', 'month=2027-01&user=zebulon', 'month=2027-01&cluster=elsewhere'],
  ['top=2&group-by=user&bucket=week'],
  ['clip=2027-01-01..2027-01-14&group-by=user'],
  ['at=2027-01-15T05:00'],
];
/** Without `allocatedNodes` and the partitions of `clusters`, which are the same for every user (docs/security.md). */
const FIELDS = [
  'jobs(page: {itemsPerPage: 50, page: 1}) { count items { id user tags { name } concurrentJobs { count } } }',
  'jobsStatistics(groupBy: USER) { id totalJobs }',
  'jobsStatistics { histDuration { count } histNumNodes { count } }',
  'jobsStatistics(filter: [{partition: {eq: "unseen"}}]) { totalJobs }',
  'job(id: 130) { id }',
  'tags { id name }',
  'user(username: "ada") { username name }',
  'jobsFootprints(metrics: ["cpu_load"]) { timeWeights { nodeHours } }',
  'nodes { count items { hostname } }',
];

type Who = readonly [user: string, ...roles: string[]];
const ADMIN = ['root', 'admin', 'api'] as const;
const answerOf = async (app: TestApp, target: string, who: Who) => {
  const answer = target.startsWith('{') ? await app.ask(target, null, ...who) : await app.get(target, ...who);
  const headers = [...answer.headers].filter(([name]) => name !== 'x-request-id');
  return { status: answer.status, text: JSON.stringify([answer.status, headers, await answer.text()]) };
};
/** What can be asked. /api and /exports have the tables of /userapi, whose formats have the same rows. */
async function targets(): Promise<string[]> {
  const gets = routesOf(alone, IDS).filter(({ method }) => method === 'GET');
  const others = /^\/(?:api|assets|exports)\/|statistics\/\w+\.csv$|\.(?:ndjson|parquet)$/;
  const paths = [...gets.map(({ target }) => target).filter((path) => !others.test(path)), ...NODES];
  const found = FIELDS.map((field) => `{ ${field} }`);
  for (const path of paths) {
    found.push(path);
    for (const queries of QUERIES) {
      const [first] = queries;
      const { status } = await answerOf(alone, `${path}?${first}`, ADMIN);
      if (status !== 400 && status !== 404) found.push(...queries.map((query) => `${path}?${query}`));
    }
  }
  return found;
}
async function differing(asked: readonly string[], who: Who): Promise<string[]> {
  const found: string[] = [];
  for (const target of asked) {
    const [one, other] = await Promise.all([alone, among].map((app) => answerOf(app, target, who)));
    if (one?.text !== other?.text) found.push(target);
  }
  return found;
}

test('what others have changes no answer to a user or a manager, and those to an admin', async () => {
  const all = await targets();
  for (const who of CALLERS) expect(await differing(all, who), who.join()).toEqual([]);
  const pages = ['/unusual', '/partitions', '/find?q=h7', '/users/zebulon', '/nodes/small/n01', '/jobs', '/timeline'];
  const routes = ['jobs/', 'jobs.csv', 'statistics/jobs?group-by=tag', 'statistics/unused', 'statistics/timeline'];
  const some = [...pages, ...routes.map((path) => `/userapi/${path}`), `{ ${FIELDS[0]} }`];
  expect(all).toEqual(expect.arrayContaining(some));
  expect(await differing(some, ADMIN)).toEqual(some);
}, 120_000);
