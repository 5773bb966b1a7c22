/** Parquet over HTTP: the rows of NDJSON, and who waits for whom. The files themselves: test/parquet. */
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exactJson } from '../../src/lossless-json.ts';
import { trailers } from '../../src/nodejs/node-listener.ts';
import { openParquetFiles } from '../../src/parquet/parquet-files.ts';
import { makeFolder, removeFolder } from '../support/folder.ts';
import { type Listening, listening } from '../support/listening.ts';
import { parquetRows } from '../support/parquet.ts';
import { until } from '../support/pool.ts';
import { bodyOf, faultIn, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const TYPE = 'application/vnd.apache.parquet';
/** More than two row groups, and more than a pipe and a socket hold. */
const MANY = 60_000;

const folder = makeFolder();
const parquet = openParquetFiles({ tempDir: folder, queueLimit: 2, callerLimit: 1, log: { warn: () => {} } });
let service: TestApp;
let server: Listening;
beforeAll(async () => {
  service = await testApp({
    jobs: [
      job({ jobId: 1, footprint: { mem_used_max: 2.5 }, energy: 1.5, metaData: { jobName: '=1+1' } }),
      job({ jobId: 2, duration: 7200, submitTime: NOW - 7300, user: 'bob', numNodes: 2 }),
      job({ jobId: 3, startTime: NOW - 500, jobState: 'running', duration: 0 }),
    ],
    sql: `INSERT INTO job (job_id, cluster, subcluster, start_time, hpc_user, project, duration, walltime, job_state,
        resources, num_nodes, shared)
      WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ${MANY})
      SELECT 9223372036854700000 + n, 'many', 'main', 1000 + n, hex(randomblob(40)), hex(randomblob(40)), 1, 1,
        'completed', '[]', 1, 'none' FROM number`,
    service: () => ({
      parquet: parquet.files,
      trailers: (c) => (c.env === undefined ? undefined : trailers(c)), // undefined without a socket
    }),
  });
  server = await listening(service);
});
afterAll(async () => {
  await server.close();
  await service.close();
  parquet.close();
  removeFolder(folder);
});

const running = () => parquet.status().processes.length;
/** Folders with pipes. */
const folders = () => readdirSync(folder).filter((name) => name.startsWith('cc-jobs-parquet-')).length;

/** The rows of an answer. 64-bit integers are bigint. */
async function rowsIn(answer: Response): Promise<Record<string, unknown>[]> {
  expect(answer.status).toBe(200);
  const path = join(folder, 'answer.parquet');
  await writeFile(path, new Uint8Array(await answer.arrayBuffer()));
  return await parquetRows(path);
}

async function linesOf(path: string, ...who: string[]): Promise<unknown[]> {
  const [user, ...roles] = who;
  const text = await (await service.get(path, user, ...roles)).text();
  return text.trimEnd().split('\n').slice(0, -1).map(exactJson);
}

/** A row with whole numbers as numbers, as JSON has small ones. */
const asJson = (row: object) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
  );

describe('a file', () => {
  test('of every route has the rows of its NDJSON that the caller may see', async () => {
    const { paths } = await bodyOf<{ paths: Record<string, object> }>(await service.app.request('/openapi.json'));
    const routes = Object.keys(paths).filter((path) => /^\/userapi\/.*\.parquet$/.test(path));
    expect(routes).toHaveLength(6);
    for (const route of routes) {
      const query = route.includes('percentiles') ? 'of=duration&p=50,99.9&group-by=user' : '';
      const answer = await service.get(`${route}?${query}`, 'ada', 'user', 'api');
      expect(answer.headers.get('Content-Type'), route).toBe(TYPE);
      expect(answer.headers.get('Content-Disposition')).toMatch(/^attachment; filename="[a-z-]+\.parquet"$/);
      const lines = await linesOf(`${route.replace('.parquet', '.ndjson')}?${query}`, 'ada', 'user', 'api');
      expect(lines.length, route).toBeGreaterThan(0);
      expect((await rowsIn(answer)).map(asJson), route).toEqual(lines);
    }
  });

  test('has a type for each column, whatever the rows', async () => {
    const typesOf = async (path: string) => {
      await writeFile(join(folder, 'typed.parquet'), new Uint8Array(await (await service.get(path)).arrayBuffer()));
      const described = await parquetRows('', `DESCRIBE FROM '${join(folder, 'typed.parquet')}'`);
      return Object.fromEntries(described.map(({ column_name: name, column_type: type }) => [name, type]));
    };
    const columns = 'id,user,energy,hosts,endTime';
    const types = { id: 'BIGINT', user: 'VARCHAR', energy: 'DOUBLE', hosts: 'VARCHAR[]', endTime: 'BIGINT' };
    expect(await typesOf(`/api/jobs.parquet?columns=${columns}&cluster=small`)).toEqual(types);
    expect(await typesOf(`/api/jobs.parquet?columns=${columns}&cluster=none`)).toEqual(types);
    const range = `${NOW - 7200}-${NOW}`;
    expect(
      await typesOf(`/api/statistics/timeline.parquet?range=${range}&columns=group,isOther,waitP50,energy`),
    ).toEqual({
      group: 'VARCHAR',
      isOther: 'BOOLEAN',
      waitP50: 'BIGINT',
      energy: 'DOUBLE',
    });
  });

  test('is asked for by Accept, and by the links on the pages', async () => {
    const headers = { Accept: TYPE, 'X-Auth-Token': await service.token('root', 'admin', 'api') };
    for (const path of ['/api/jobs/', '/api/statistics/jobs']) {
      const answer = await service.app.request(`${path}?cluster=small`, { headers });
      expect(answer.headers.get('Content-Type'), path).toBe(TYPE);
      expect(await rowsIn(answer), path).not.toEqual([]);
    }
    const page = await (await service.app.request('/statistics', { headers: { ...headers, Accept: '*/*' } })).text();
    const [, link = ''] = /href="(\/exports\/statistics\/jobs\.parquet[^"]*)"/.exec(page) ?? [];
    const linked = await service.app.request(link.replaceAll('&amp;', '&'), { headers });
    expect(await rowsIn(linked)).not.toEqual([]);
  });

  test('of many jobs is streamed, and ends with a trailer', async () => {
    const token = await service.token();
    const answer = await server.exchange(
      `GET /api/jobs.parquet?cluster=many&columns=id,user HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Auth-Token: ${token}\r\n\r\n`,
    );
    expect(answer).toMatch(/^Transfer-Encoding: chunked\r$/im);
    expect(answer).toMatch(new RegExp(`\r\n0\r\nX-Rows: ${MANY}\r\n\r\n$`));
    expect(running()).toBe(0);
  });

  test('is not made for HEAD, nor for what is refused', async () => {
    const headers = { 'X-Auth-Token': await service.token() };
    const head = await service.app.request('/api/jobs.parquet', { method: 'HEAD', headers });
    expect([head.status, head.headers.get('Content-Type'), await head.text()]).toEqual([200, TYPE, '']);
    const unknown = await service.get('/api/jobs.parquet?columns=colour');
    expect((await faultIn(unknown)).slice(0, 2)).toEqual([400, 'invalid_request']);
    const equal = await service.get('/api/jobs.parquet?columns=metric.a,metric.A');
    expect(await faultIn(equal)).toEqual([
      400,
      'invalid_request',
      'the columns of a Parquet file must differ in more than the case of letters',
    ]);
    expect(running()).toBe(0);
  });
});

describe('a caller', () => {
  /** Begins a long file and reads nothing of it. */
  const begin = async (user: string) => {
    const aborted = new AbortController();
    const headers = { 'X-Auth-Token': await service.token(user, 'admin', 'api') };
    const answer = fetch(`http://127.0.0.1:${server.port}/api/jobs.parquet?cluster=many`, {
      headers,
      signal: aborted.signal,
    });
    return { answer, leave: () => aborted.abort() };
  };

  test('who does not read keeps nobody else out, and frees the process when he leaves', async () => {
    const slow = await begin('slow');
    await slow.answer;
    await until(() => running() === 1, 10_000);
    expect(await rowsIn(await service.get('/api/jobs.parquet?cluster=small', 'ada', 'admin', 'api'))).toHaveLength(3);
    slow.leave();
    await until(() => running() + folders() === 0, 10_000);
  });

  test('has one file at a time, and more wait for it', async () => {
    const first = await begin('ada');
    await first.answer;
    const second = await begin('ada');
    const answered = second.answer.then(() => 'answered');
    expect(await Promise.race([answered, new Promise((done) => setTimeout(done, 300, 'waits'))])).toBe('waits');
    first.leave();
    expect(await answered).toBe('answered');
    second.leave();
    await until(() => running() === 0, 10_000);
  });
});

test('a service without it says so, and answers Accept with JSON', async () => {
  const plain = await testApp({ jobs: [job()] });
  try {
    for (const path of ['/api/jobs.parquet', '/api/statistics/jobs.parquet']) {
      expect(await faultIn(await plain.get(path))).toEqual([
        404,
        'not_found',
        'this service has no column index or too little memory to write Parquet: use .csv or .ndjson',
      ]);
    }
    const headers = { Accept: TYPE, 'X-Auth-Token': await plain.token() };
    const answer = await plain.app.request('/api/jobs/', { headers });
    expect(answer.headers.get('Content-Type')).toBe('application/json');
    const page = await plain.app.request('/jobs', { headers: { ...headers, Accept: '*/*' } });
    expect(await page.text()).not.toContain('.parquet');
  } finally {
    await plain.close();
  }
});
