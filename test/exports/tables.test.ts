/** Statistics as tables, and every route that has a table: the same answer by suffix and by Accept. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXPORT_FORMATS, MEDIA_TYPES, TEXT_FORMATS } from '../../src/jobs/export-format.ts';
import { ACCOUNTS, PASSWORD } from '../support/accounts.ts';
import { csvObjects } from '../support/csv.ts';
import { cookieOf, sendLogin } from '../support/login.ts';
import { bodyOf, faultIn, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
beforeAll(async () => {
  const hours = (duration: number) => ({ duration: duration * 3600, numNodes: 2, numHwthreads: 8 });
  service = await testApp({
    jobs: [
      job({ jobId: 1, ...hours(1), footprint: { mem_used_max: 2.5 } }),
      job({ jobId: 2, ...hours(3), submitTime: NOW - 7300 }),
      job({ jobId: 3, ...hours(2), user: '=bob', energy: 2 ** 60 }),
    ],
    sql: `${ACCOUNTS} UPDATE hpc_user SET name = 'Ada "L", Countess' WHERE username = 'ada';`,
  });
});
afterAll(() => service.close());

const textOf = async (path: string, ...who: string[]) => {
  const [user, ...roles] = who;
  const answer = await service.get(path, user, ...roles);
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  return text;
};

describe('statistics', () => {
  const PATH = '/api/statistics/jobs';
  const TOTALS =
    '"totalJobs","totalUsers","runningJobs","shortJobs","totalWalltime","totalNodes","totalNodeHours","totalCores","totalCoreHours","totalAccs","totalAccHours"';

  test('have a row for all jobs', async () => {
    // 1 + 3 + 2 hours, on 2 nodes and 8 hardware threads each
    expect(await textOf(`${PATH}.csv`)).toBe(`"id","name",${TOTALS}\r\n"","",3,2,0,0,6,6,12,24,48,0,0\r\n`);
  });

  test('have a row for each group', async () => {
    expect(await textOf(`${PATH}.csv?group-by=user`)).toBe(
      `"id","name",${TOTALS}\r\n"'=bob","",1,1,0,0,2,2,4,8,16,0,0\r\n"ada","Ada ""L"", Countess",2,1,0,0,4,4,8,16,32,0,0\r\n`,
    );
    const rows = (await textOf(`${PATH}.ndjson?group-by=user`)).trimEnd().split('\n');
    const { statistics } = await bodyOf<{ statistics: object[] }>(await service.get(`${PATH}?group-by=user`));
    expect(rows.map((row) => JSON.parse(row))).toEqual([...statistics, { end: true, rows: 2 }]);
  });

  test('with clip have seconds', async () => {
    const [row] = csvObjects(await textOf(`${PATH}.csv?clip=${NOW - 7200}..${NOW - 7191}`));
    // 9 seconds of 3 jobs on 2 nodes
    expect([row?.['totalWalltimeSeconds'], row?.['totalNodeSeconds']]).toEqual(['27', '54']);
  });

  test('without groups have the header and no row', async () => {
    const answer = await service.get(`${PATH}.csv?group-by=user&user=nobody`);
    expect([await answer.text(), answer.headers.get('X-Rows')]).toEqual([`"id","name",${TOTALS}\r\n`, '0']);
    expect(await textOf(`${PATH}.ndjson?group-by=user&user=nobody`)).toBe('{"end":true,"rows":0}\n');
  });
});

describe('percentiles', () => {
  const PATH = '/api/statistics/percentiles';

  test('are columns', async () => {
    expect(await textOf(`${PATH}.csv?of=duration&p=50,99.9,100,50&group-by=user`)).toBe(
      '"id","jobs","unknown","p50","p99.9","p100"\r\n"\'=bob",1,0,7200,7200,7200\r\n"ada",2,0,3600,10800,10800\r\n',
    );
  });

  test('are exact, and unknown where no job has the value', async () => {
    expect(await textOf(`${PATH}.ndjson?of=wait&p=90&group-by=user`)).toBe(
      '{"id":"=bob","jobs":0,"unknown":1,"p90":null}\n{"id":"ada","jobs":1,"unknown":1,"p90":100}\n{"end":true,"rows":2}\n',
    );
    expect(await textOf(`${PATH}.csv?of=wait&user=%3Dbob`)).toBe(
      '"id","jobs","unknown","p50","p90","p99"\r\n"",0,1,,,\r\n',
    );
  });
});

describe('histograms', () => {
  test('are one long table', async () => {
    const text = await textOf('/api/statistics/histograms.csv?bins=12h&metric=mem_used&metric-bins=2');
    const rows = text.trimEnd().split('\r\n');
    expect(rows.length).toBe(1 + 14 + 3 + 2);
    expect(rows.filter((row) => !/^"histDuration",.*,0,"","","",,,$/.test(row))).toEqual([
      '"histogram","value","count","metric","stat","unit","bin","min","max"',
      '"histDuration",43200,3,"","","",,,',
      '"histNumNodes",2,3,"","","",,,',
      '"histNumCores",8,3,"","","",,,',
      '"histNumAccs",0,3,"","","",,,',
      '"histMetrics",,1,"mem_used","max","GB",1,0,128',
      '"histMetrics",,0,"mem_used","max","GB",2,128,256',
    ]);
  });

  test('have one of waits if requested', async () => {
    const rows = csvObjects(await textOf('/api/statistics/histograms.csv?bins=12h&with-wait=true'));
    expect(rows.filter(({ histogram, count }) => histogram === 'histWait' && count !== '0')).toMatchObject([
      { value: '43200', count: '1' },
    ]);
  });
});

test.each([
  ['jobs', 'group-by=user&', 'totalJobs,id', '1,"\'=bob"\r\n2,"ada"\r\n', 'id, name, totalJobs, totalUsers,'],
  ['percentiles', 'of=duration&p=99.9&', 'p99.9,jobs', '10800,3\r\n', 'id, jobs, unknown, p99.9'],
  [
    'histograms',
    'bins=12h&',
    'count,histogram',
    '3,"histDuration"\r\n',
    'histogram, value, count, metric, stat, unit,',
  ],
])('columns of %s are chosen', async (table, query, columns, rows, known) => {
  const path = `/api/statistics/${table}`;
  const text = await textOf(`${path}.csv?${query}columns=${columns}`);
  expect(text).toContain(rows);
  expect(text.split('\r\n', 1)).toEqual([
    columns
      .split(',')
      .map((name) => `"${name}"`)
      .join(),
  ]);
  const refused = async (asked: string) => await faultIn(await service.get(`${path}.ndjson?${query}columns=${asked}`));
  expect(await refused('colour')).toEqual([
    400,
    'invalid_request',
    expect.stringContaining(`query parameter "columns" has unknown columns: "colour". The columns are ${known}`),
  ]);
  const [one] = columns.split(',');
  expect((await refused(`${one},${one}`))[2]).toBe('query parameter "columns" must name each column once');
  expect(await faultIn(await service.get(`${path}?${query}columns=${one}`))).toEqual([
    400,
    'invalid_request',
    'invalid query parameter: columns',
  ]);
});

interface Schema {
  type?: string;
  items?: Schema;
  $ref?: string;
  properties?: Record<string, Schema>;
}
interface Described {
  paths: Record<string, Record<string, { responses: Record<string, { content: Record<string, { schema: Schema }> }> }>>;
}

describe('every route that answers with a list', () => {
  /** Routes with lists that are not exported. */
  const OTHERS = [
    '/api/clusters/', // the configuration, as nested objects
    '/api/users/', // accounts
    '/api/statistics/overview', // several tables, each of which has a route
    '/userapi/statistics/overview',
    '/api/saved-filters', // settings of a user
    '/userapi/saved-filters',
    '/api/unusual', // sentences, each with a link to a table
    '/userapi/unusual',
  ];
  /** What a route requires. */
  const REQUIRED: Readonly<Record<string, string>> = { '/statistics/percentiles': 'of=duration&' };
  const routes: string[] = [];
  const suffixed = (route: string, format: string) => `${route.replace(/\/$/, '')}.${format}`;
  const queryOf = (route: string) => REQUIRED[route.replace(/^\/\w+/, '')] ?? '';

  beforeAll(async () => {
    const { paths } = await bodyOf<Described>(await service.app.request('/openapi.json'));
    const isList = ({ type, items }: Schema) =>
      type === 'array' && (items?.type === 'object' || items?.$ref !== undefined);
    for (const [path, { get }] of Object.entries(paths)) {
      const schema = get?.responses['200']?.content['application/json']?.schema;
      if (schema === undefined || path.includes('{')) continue;
      if (isList(schema) || Object.values(schema.properties ?? {}).some(isList)) routes.push(path);
    }
  });

  test('is known here, and has each format', async () => {
    const { paths } = await bodyOf<Described>(await service.app.request('/openapi.json'));
    const exported = [
      'jobs/',
      'statistics/histograms',
      'statistics/jobs',
      'statistics/percentiles',
      'statistics/timeline',
      'statistics/unused',
    ];
    const expected = ['/api/', '/userapi/'].flatMap((base) => exported.map((path) => base + path));
    expect(routes.filter((route) => !OTHERS.includes(route)).toSorted()).toEqual(expected);
    expect(routes).toEqual(expect.arrayContaining(OTHERS));
    const types = (path: string) => Object.keys(paths[path]?.['get']?.responses['200']?.content ?? {});
    for (const route of expected) {
      expect(types(route)).toEqual([
        'application/json',
        ...EXPORT_FORMATS.map((format) => MEDIA_TYPES[format].accepted),
      ]);
      for (const format of EXPORT_FORMATS) {
        expect(types(suffixed(route, format))).toEqual([MEDIA_TYPES[format].accepted]);
      }
    }
  });

  test.each(TEXT_FORMATS)('answers alike by suffix and by Accept: %s', async (format) => {
    const { accepted, contentType } = MEDIA_TYPES[format];
    for (const route of routes.filter((one) => !OTHERS.includes(one))) {
      const query = queryOf(route);
      const bySuffix = await service.get(`${suffixed(route, format)}?${query}`, 'root', 'admin', 'api');
      const headers = { Accept: accepted, 'X-Auth-Token': await service.token('root', 'admin', 'api') };
      const byAccept = await service.app.request(`${route}?${query}`, { headers });
      expect(byAccept.headers.get('Content-Type'), route).toBe(contentType);
      expect(byAccept.headers.get('Content-Disposition')).toMatch(
        new RegExp(`^attachment; filename="[a-z-]+\\.${format}"$`),
      );
      expect(await bySuffix.text(), route).toBe(await byAccept.text());
      const unknown = await service.get(`${suffixed(route, format)}?${query}no-such=1`);
      expect(await faultIn(unknown)).toEqual([400, 'invalid_request', 'invalid query parameter: no-such']);
    }
  });

  test.each(TEXT_FORMATS)('counts only the jobs that the caller may see: %s', async (format) => {
    for (const route of routes.filter((one) => !OTHERS.includes(one) && one.startsWith('/userapi/'))) {
      const asked = (filter: string, ...who: string[]) =>
        textOf(`${suffixed(route, format)}?${queryOf(route)}${filter}`, ...who);
      const own = await asked('', 'ada', 'user', 'api');
      expect(own, route).toBe(await asked('user=ada', 'root', 'admin', 'api'));
      expect(own, route).not.toBe(await asked('', 'root', 'admin', 'api'));
    }
  });

  test('has the same files for the links on the pages, to the user of a session', async () => {
    const Cookie = cookieOf(await sendLogin(service, { username: 'ada', password: PASSWORD }));
    for (const route of routes.filter((one) => !OTHERS.includes(one) && one.startsWith('/userapi/'))) {
      for (const format of TEXT_FORMATS) {
        const [path, query] = [suffixed(route, format), queryOf(route)];
        const expected = await service.get(`${path}?${query}`, 'ada', 'user', 'api');
        const target = `${path.replace('/userapi', '/exports')}?${query}`;
        const answer = await service.app.request(target, { headers: { Cookie } });
        const headers = ['Content-Type', 'Content-Disposition', 'X-Content-Type-Options'];
        expect(
          headers.map((name) => answer.headers.get(name)),
          target,
        ).toEqual(headers.map((name) => expected.headers.get(name)));
        expect(await answer.text()).toBe(await expected.text());
        expect((await service.app.request(target)).status).toBe(401);
        expect((await service.app.request(`${path}?${query}`, { headers: { Cookie } })).status).toBe(401);
      }
    }
  });
});
