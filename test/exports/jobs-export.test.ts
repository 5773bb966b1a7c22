/** GET jobs.csv and jobs.ndjson: answers of the service. test/exports/export-rows.test.ts has the values of the rows. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClusterFileSchema } from '../../src/clusters/cluster-schema.ts';
import { Clusters } from '../../src/clusters/clusters.ts';
import { deriveCluster } from '../../src/clusters/derive-cluster.ts';
import { trailers } from '../../src/nodejs/node-listener.ts';
import { csvObjects } from '../support/csv.ts';
import { type Listening, listening } from '../support/listening.ts';
import { smallCluster } from '../support/small-cluster.ts';
import { bodyOf, faultIn, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const PARQUET = 'application/vnd.apache.parquet';
/** Starts of texts that spreadsheets take for formulas. */
const FORMULAS = ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', '\nx', '＝1+1', '＋1', '－1', '＠SUM(A1)'];
/** Texts in which a spreadsheet that divides fields by `;` finds a formula, and what an export has instead. */
const INNER_FORMULAS: Readonly<Record<string, string>> = {
  'a;=1+1;b': "a;'=1+1;'b",
  'a;;@x': "a;';'@x",
  'a\n-1\r\n+1\r＝1': "a\n'-1\r'\n'+1\r'＝1",
  'a;"=1+1&': 'a;\'"=1+1&',
  '=a;=b': "'=a;'=b",
};
const HOSTILE = ['a,b', 'say "x"', 'two\r\nlines', 'ä=1', ' =1', 'a;b; =c', 'ｆull', ''];
const NAMES = [...FORMULAS, ...Object.keys(INNER_FORMULAS), ...HOSTILE];

const cluster = smallCluster();
const [first, ...others] = cluster.metricConfig;
const restricting = new Clusters([
  deriveCluster(ClusterFileSchema.parse({ ...cluster, metricConfig: [{ ...first, restrict: true }, ...others] })),
]);
const RESTRICTED = `metric.${first?.name}_avg`;

let service: TestApp;
let server: Listening;
beforeAll(async () => {
  service = await testApp({
    jobs: [
      ...NAMES.map((name, at) =>
        job({ jobId: 10 + at, startTime: NOW - 10_000 + at, partition: name, metaData: { jobName: name } }),
      ),
      job({ jobId: 2, startTime: NOW - 500, user: 'bob', jobState: 'running', submitTime: NOW - 560, energy: -1.5 }),
    ],
    sql: `INSERT INTO job (job_id, cluster, subcluster, start_time, hpc_user, project, duration, walltime, job_state,
        resources, num_nodes, shared)
      WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 700)
      SELECT 9223372036854775000 + n, 'many', 'main', 1000 + n, 'eve', 'p9', 1, 1, 'completed', '[]', 1, 'none' FROM number`,
    service: () => ({
      clusters: restricting,
      trailers: (c) => (c.env === undefined ? undefined : trailers(c)), // undefined without a socket
    }),
  });
  server = await listening(service);
});
afterAll(async () => {
  await server.close();
  await service.close();
});

const textOf = async (path: string, ...who: string[]) => {
  const [user, ...roles] = who;
  const answer = await service.get(path, user, ...roles);
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  return text;
};
const linesOf = async (path: string) =>
  (await textOf(path))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('CSV', () => {
  test('has a header line, CRLF at every line end, and texts in quotes', async () => {
    expect(await textOf('/api/jobs.csv?user=bob&columns=jobId,user,energy,wait,endTime,metric.x_avg')).toBe(
      '"jobId","user","energy","wait","endTime","metric.x_avg"\r\n2,"bob",-1.5,60,,\r\n',
    );
  });

  test('has its header without any job', async () => {
    const answer = await service.get('/api/jobs.csv?user=nobody&columns=jobId');
    expect(await answer.text()).toBe('"jobId"\r\n');
    expect(answer.headers.get('X-Rows')).toBe('0');
  });

  test('has every text as it is, but an apostrophe before what a spreadsheet takes for a formula', async () => {
    const rows = csvObjects(await textOf('/api/jobs.csv?cluster=small&user=ada'));
    const texts = [...FORMULAS.map((text) => `'${text}`), ...Object.values(INNER_FORMULAS), ...HOSTILE];
    expect(rows.map(({ jobName }) => jobName).reverse()).toEqual(texts);
    expect(rows.map(({ partition }) => partition)).toEqual(rows.map(({ jobName }) => jobName));
  });

  test('says its type and a name for its file', async () => {
    const { headers } = await service.get('/api/jobs.csv?user=bob&items-per-page=1');
    expect(headers.get('Content-Type')).toBe('text/csv; charset=utf-8; header=present');
    expect(headers.get('Content-Disposition')).toBe('attachment; filename="jobs.csv"');
  });
});

describe('NDJSON', () => {
  test('has an object for each job, and a line that marks the end', async () => {
    expect(await textOf('/api/jobs.ndjson?user=bob&columns=jobId,jobState,tags,hosts,wait,endTime')).toBe(
      '{"jobId":2,"jobState":"running","tags":[],"hosts":["n01"],"wait":60,"endTime":null}\n{"end":true,"rows":1}\n',
    );
    expect(await textOf('/api/jobs.ndjson?user=nobody')).toBe('{"end":true,"rows":0}\n');
  });

  test('has texts unchanged', async () => {
    const rows = await linesOf('/api/jobs.ndjson?cluster=small&user=ada');
    expect(rows.slice(0, -1).map(({ jobName }) => jobName)).toEqual(NAMES.toReversed());
  });

  test('says its type and a name for its file', async () => {
    const { headers } = await service.get('/api/jobs.ndjson?user=bob&items-per-page=1');
    expect(headers.get('Content-Type')).toBe('application/x-ndjson');
    expect(headers.get('Content-Disposition')).toBe('attachment; filename="jobs.ndjson"');
  });
});

describe('which jobs', () => {
  test('are all that match, and with a page those of the page', async () => {
    const count = async (query: string) => csvObjects(await textOf(`/api/jobs.csv?cluster=many${query}`)).length;
    expect(await count('')).toBe(700);
    expect(await count('&items-per-page=300')).toBe(300);
    expect(await count('&items-per-page=300&page=3')).toBe(100);
    expect(await count('&page=2')).toBe(25);
    expect(await count('&page=29')).toBe(0);
  });

  test('are those of the list, in its order, with exact ids', async () => {
    const ids = (text: string) => [...text.matchAll(/"jobId":(\d+)/g)].map(([, id]) => id);
    const listed = ids(await textOf('/api/jobs/?cluster=many&items-per-page=1000'));
    expect(listed[0]).toBe('9223372036854775700');
    expect(ids(await textOf('/api/jobs.ndjson?cluster=many'))).toEqual(listed);
    expect(csvObjects(await textOf('/api/jobs.csv?cluster=many')).map(({ jobId }) => jobId)).toEqual(listed);
  });

  test('are those that the caller may see', async () => {
    const users = async (...who: string[]) => [
      ...new Set(csvObjects(await textOf('/userapi/jobs.csv', ...who)).map(({ user }) => user)),
    ];
    expect(await users('bob', 'user', 'api')).toEqual(['bob']);
    expect(await users('root', 'admin', 'api')).toEqual(['bob', 'ada', 'eve']);
  });
});

describe('Accept', () => {
  const accepting = async (accept: string, method = 'GET', target = '/api/jobs/?user=bob', body?: string) =>
    await service.app.request(target, {
      method,
      headers: { Accept: accept, 'X-Auth-Token': await service.token() },
      ...(body === undefined ? {} : { body }),
    });

  test.each([
    ['text/csv', '/api/jobs.csv'],
    ['application/x-ndjson', '/api/jobs.ndjson'],
    ['Text/CSV; header=present', '/api/jobs.csv'],
    ['application/json;q=0.5, text/csv', '/api/jobs.csv'],
    ['text/csv, */*;q=0.1', '/api/jobs.csv'],
  ])('%s gets what %s has', async (accept, path) => {
    const answer = await accepting(accept);
    const expected = await service.get(`${path}?user=bob`);
    expect([answer.headers.get('Content-Type'), await answer.text()]).toEqual([
      expected.headers.get('Content-Type'),
      await expected.text(),
    ]);
  });

  test.each(['*/*', '', 'application/ld+json', 'text/*', 'nonsense', 'text/csv;q=0', '*/*, text/csv;q=0.5'])(
    '%j gets JSON',
    async (accept) => {
      expect((await accepting(accept)).headers.get('Content-Type')).toBe('application/json');
    },
  );

  test('counts for a filter in the body, too', async () => {
    const body = '{"job-id":[2,10],"columns":"jobId"}';
    expect(await (await accepting('text/csv', 'POST', '/api/jobs/', body)).text()).toBe('"jobId"\r\n2\r\n10\r\n');
  });

  test('decides which parameters there are', async () => {
    const problem = (name: string) => [400, 'invalid_request', `invalid query parameter: ${name}`];
    expect(await faultIn(await service.get('/api/jobs/?columns=jobId'))).toEqual(problem('columns'));
    const asCsv = await accepting('text/csv', 'GET', '/api/jobs/?with-metadata=true');
    expect(await faultIn(asCsv)).toEqual(problem('with-metadata'));
  });
});

describe('columns', () => {
  test('are refused by their name, with those that there are', async () => {
    const [status, code, error] = await faultIn(await service.get('/api/jobs.csv?columns=jobId,colour,metric.a%22b'));
    expect([status, code]).toEqual([400, 'invalid_request']);
    expect(error).toContain(
      'query parameter "columns" has unknown columns: "colour", "metric.a\\"b". The columns are id, ',
    );
    expect(error).toContain('walltime');
  });

  test.each([
    ['', 'has unknown columns: ""'],
    ['jobId,jobId', 'must name each column once'],
    [Array.from({ length: 61 }, (_, at) => `metric.m${at}`).join(), 'must name at most 60 columns'],
  ])('%j are refused', async (columns, problem) => {
    expect((await faultIn(await service.get(`/api/jobs.csv?columns=${columns}`)))[2]).toContain(problem);
  });

  test('may be 60', async () => {
    const columns = Array.from({ length: 60 }, (_, at) => `metric.m${at}`);
    for (const format of ['csv', 'ndjson']) {
      await textOf(`/api/jobs.${format}?user=bob&columns=${columns.join()}`);
    }
  });

  test('with a restricted metric are forbidden to those who may not see it', async () => {
    const path = `/userapi/jobs.csv?columns=jobId,${RESTRICTED}`;
    for (const query of ['', '&cluster=small', '&cluster=many']) {
      const [status, code] = await faultIn(await service.get(`${path}${query}`, 'ada', 'user', 'api'));
      expect([status, code], query).toEqual([403, 'forbidden']);
    }
    await textOf(path, 'root', 'admin', 'api');
  });
});

describe('the end', () => {
  const request = async (version: string, path: string, method = 'GET') => {
    const answer = await server.exchange(
      `${method} ${path} HTTP/${version}\r\nHost: localhost\r\nConnection: close\r\nX-Auth-Token: ${await service.token()}\r\n\r\n`,
    );
    const [head = ''] = answer.split('\r\n\r\n', 1);
    return { head, body: answer.slice(head.length + 4) };
  };

  test.each(['csv', 'ndjson'])('of a stream of %s is a trailer with the number of rows', async (format) => {
    const { head, body } = await request('1.1', `/api/jobs.${format}?cluster=many`);
    expect(head).toMatch(/^Trailer: X-Rows$/im);
    expect(head).toMatch(/^Transfer-Encoding: chunked$/im);
    expect(body).toMatch(/\r\n0\r\nX-Rows: 700\r\n\r\n$/);
  });

  test('of a stream for HTTP/1.0 is the end of the connection', async () => {
    const { head, body } = await request('1.0', '/api/jobs.csv?cluster=many');
    expect(head).not.toMatch(/^(Trailer|Transfer-Encoding):/im);
    expect(csvObjects(body)).toHaveLength(700);
  });

  test('of a page that fits in one batch is its length', async () => {
    const { head } = await request('1.1', '/api/jobs.csv?cluster=many&items-per-page=5');
    expect(head).toMatch(/^X-Rows: 5$/im);
    expect(head).toMatch(/^Content-Length: \d+$/im);
  });

  test('of a HEAD are its headers', async () => {
    const { head, body } = await request('1.1', '/api/jobs.csv?cluster=many', 'HEAD');
    expect(head).toMatch(/^Content-Type: text\/csv/im);
    expect(body).toBe('');
  });
});

test('/openapi.json describes all formats', async () => {
  const { paths } = await bodyOf<{
    paths: Record<string, Record<string, { responses: Record<string, { content: object }> }>>;
  }>(await service.app.request('/openapi.json'));
  const types = (path: string) => Object.keys(paths[path]?.['get']?.responses['200']?.content ?? {});
  expect(types('/api/jobs/')).toEqual(['application/json', 'text/csv', 'application/x-ndjson', PARQUET]);
  expect(types('/api/jobs.csv')).toEqual(['text/csv']);
  expect(types('/userapi/jobs.ndjson')).toEqual(['application/x-ndjson']);
});
