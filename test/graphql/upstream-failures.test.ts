/**
 * A cc-backend of GRAPHQL_UPSTREAM without a usable answer: the field is empty, the others are whole, and the extensions
 * say why.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { SystemState } from '../../src/system-state-types.ts';
import { answerJson, type CcBackend, rootFieldOf, startCcBackend } from '../support/cc-backend.ts';
import { bodyOf, NOW, type TestApp } from '../support/test-app.ts';
import { ask, NODES, TIMES, upstreamApp } from '../support/upstream-app.ts';

let upstream: CcBackend;
let service: TestApp;
beforeAll(async () => {
  upstream = await startCcBackend(() => NOW);
});
afterAll(() => upstream.stop());
beforeEach(async () => {
  upstream.behaves('well');
  upstream.asked.length = 0;
  service = await upstreamApp(upstream.url);
  return () => service.close();
});

const RUNNING = '{ jobMetrics(id: 1) { name metric { timestep series { data } } } jobs { count } }';
const series = (data: string) =>
  `{"data":{"jobMetrics":[{"name":"a","metric":{"timestep":60,"series":[{"data":${data}}]}}]}}`;

test.each([
  [
    'errors',
    { errors: [{ message: 'METRICDATA > no data' }], data: null },
    'answered with the error: METRICDATA > no data',
  ],
  ['another type', { data: { jobMetrics: 'x' } }, 'the answer does not have the types of the schema'],
  [
    'null where there must be a value',
    { data: { jobMetrics: [null] } },
    'the answer does not have the types of the schema',
  ],
  ['a list', [], 'answered without data'],
  ['null', null, 'answered without data'],
])('%s', async (_, body, reason) => {
  upstream.behaves((answer) => answerJson(answer, body));
  const { data, errors, extensions } = await ask(service, RUNNING);
  expect([data, errors]).toEqual([{ jobMetrics: [], jobs: { count: 3 } }, undefined]);
  expect(extensions).toEqual({ upstream: { jobMetrics: `cc-backend: ${reason}` } });
});

test.each([
  ['no JSON', '<html>', 'the answer is not JSON'],
  ['a cut list', series('[1,2').slice(0, -6), 'the answer is not JSON'],
  ['samples that are none', series('["x",{}]'), 'a list of samples is not one of numbers'],
  ['samples that would break the answer', series('[1,,2]'), 'a list of samples is not one of numbers'],
  ['a text in the place of samples', series('[1]},{"data":"[9]"'), 'the answer does not have the types of the schema'],
  ['missing samples', series('null'), 'the answer does not have the types of the schema'],
])('%s', async (_, text, reason) => {
  upstream.behaves((answer) => answer.end(text));
  const { data, errors, extensions } = await ask(service, RUNNING);
  expect([data, errors]).toEqual([{ jobMetrics: [], jobs: { count: 3 } }, undefined]);
  expect(extensions?.upstream).toEqual({ jobMetrics: `cc-backend: ${reason}` });
});

test('samples in any form of JSON pass', async () => {
  upstream.behaves((answer) => answer.end(series('[ ]').replace('"data":[', '"data" : [ 1e3 , -0.5 , null')));
  expect((await ask(service, RUNNING)).data?.['jobMetrics']).toMatchObject([
    { metric: { series: [{ data: [1000, -0.5, null] }] } },
  ]);
});

test.each([
  ['a redirect, which is not followed', 302, { Location: '/elsewhere' }, 'answered with status 302'],
  ['a refusal', 401, {}, 'answered with status 401'],
  ['a dead server behind a proxy', 502, {}, 'answers with status 502'],
])('%s', async (_, status, headers, reason) => {
  upstream.paths.length = 0;
  upstream.behaves((answer) => answer.writeHead(status, headers).end());
  expect((await ask(service, RUNNING)).extensions?.upstream).toEqual({ jobMetrics: `cc-backend: ${reason}` });
  expect(upstream.paths).toEqual(['/query']);
});

test('an address that leads back to cc-jobs', async () => {
  upstream.behaves(async (answer, { headers, query, variables }) => {
    const again = await service.app.request('/query', {
      method: 'POST',
      headers: headers as Record<string, string>,
      body: JSON.stringify({ query, variables }),
    });
    answer.writeHead(again.status).end(await again.text());
  });
  expect((await ask(service, RUNNING)).extensions?.upstream).toEqual({
    jobMetrics: 'cc-backend: answered with status 400',
  });
  expect(upstream.asked).toHaveLength(1);
});

test('a server that does not listen is not asked again at once; the state and the log say so', async () => {
  await upstream.stop();
  expect((await ask(service, NODES)).extensions?.upstream).toEqual({ nodeMetrics: 'cc-backend: cannot be reached' });
  await upstream.start();
  const { data, extensions } = await ask(service, RUNNING);
  expect(data).toEqual({ jobMetrics: [], jobs: { count: 3 } });
  expect(extensions?.upstream).toEqual({ jobMetrics: 'cc-backend: cannot be reached' });
  expect(upstream.asked).toEqual([]);
  const state = await bodyOf<SystemState>(await service.get('/api/system', 'root', 'admin', 'api'));
  expect(state.upstream).toEqual({
    url: upstream.url,
    state: 'down',
    reason: 'cannot be reached',
    retryInSec: expect.any(Number),
    asked: 1,
    answered: 0,
    failed: 1,
  });
  expect(service.lines.filter(({ message }) => message.startsWith('GRAPHQL_UPSTREAM'))).toHaveLength(1);
  const page = await (await service.get('/system', 'root', 'admin', 'api')).text();
  expect(page).toContain('<h2>cc-backend</h2>');
  expect(page).toContain('<dd>cannot be reached</dd>');
});

test('a server that says nothing costs one request some time, and the next ones none', async () => {
  upstream.behaves(() => {});
  expect((await ask(service, RUNNING)).extensions?.upstream).toEqual({
    jobMetrics: 'cc-backend: no answer within 2000 ms',
  });
  expect((await ask(service, NODES)).extensions?.upstream).toEqual({
    nodeMetrics: 'cc-backend: no answer within 2000 ms',
  });
  expect(upstream.asked).toHaveLength(1);
});

test('a client that disconnects ends the question', async () => {
  const gone = new AbortController();
  const closed = new Promise((resolve) => {
    upstream.behaves((answer) => {
      answer.on('close', resolve);
      gone.abort();
    });
  });
  const request = service.app.request('/query', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Auth-Token': await service.token('root', 'admin') },
    body: JSON.stringify({ query: NODES }),
    signal: gone.signal,
  });
  await closed;
  await Promise.allSettled([request]);
  upstream.behaves('well'); // it is not to blame, and is asked again
  expect((await ask(service, NODES)).extensions).toBeUndefined();
});

test('an answer that does not end in time', async () => {
  await service.close();
  service = await upstreamApp(upstream.url, { REQUEST_TIMEOUT_MS: '3000' });
  upstream.behaves((answer) => answer.writeHead(200).write('{'));
  const { data, extensions } = await ask(service, RUNNING);
  expect(data).toEqual({ jobMetrics: [], jobs: { count: 3 } });
  expect(extensions?.upstream?.['jobMetrics']).toMatch(/^cc-backend: no answer within 1?\d{1,3} ms$/);
  upstream.behaves('well'); // it has answered, so it is asked again
  expect((await ask(service, RUNNING)).extensions).toBeUndefined();
});

test('too large an answer is not read to its end', async () => {
  const piece = ' '.repeat(1024 * 1024);
  let sent = 0;
  const closed = new Promise<void>((resolve) => {
    upstream.behaves((answer) => {
      const write = () => {
        while (!answer.destroyed && answer.write(piece)) sent += 1;
      };
      answer.on('drain', write).on('close', resolve);
      write();
    });
  });
  expect((await ask(service, RUNNING)).extensions?.upstream).toEqual({
    jobMetrics: 'cc-backend: answered with more than 16 MB',
  });
  await closed;
  expect(sent).toBeLessThan(64);
});

test('more than a few questions of a caller at once wait, and get their answers', async () => {
  let waiting: (() => void)[] = [];
  let most = 0;
  upstream.behaves((answer, asked) => {
    waiting.push(() => answerJson(answer, { data: { [rootFieldOf(asked)]: [] } }));
    if (waiting.length !== 4) return;
    setTimeout(() => {
      most = Math.max(most, waiting.length);
      const all = waiting;
      waiting = [];
      for (const go of all) go();
    }, 20);
  });
  const fields = Array.from({ length: 20 }, (_, at) => `f${at}: nodeMetrics(cluster: "c${at}", ${TIMES}) { host }`);
  expect((await ask(service, `{ ${fields.join(' ')} }`)).extensions).toBeUndefined();
  expect([upstream.asked.length, most]).toEqual([20, 4]);
});
