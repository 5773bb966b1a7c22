/** The statements of one request: how many at a time, equal ones once, and none after the deadline. */
import { afterEach, expect, onTestFinished, test } from 'vitest';
import type { Place } from '../../src/concurrency-gate.ts';
import { Turns } from '../../src/event-loop-turns.ts';
import { Fault } from '../../src/faults.ts';
import { QueryContext } from '../../src/graphql/context.ts';
import { UnsentBytes } from '../../src/http/limits/unsent-bytes.ts';
import { before, bodyOf, job, type TestApp, testApp } from '../support/test-app.ts';

const PLACE: Place = { leave: (work) => work() };

let service: TestApp | undefined;
afterEach(async () => await service?.close());

/** The names of the statements that were run, and how many ran at the same time. */
async function watched(settings = {}) {
  const names: string[] = [];
  let running = 0;
  let most = 0;
  const started = await testApp({
    jobs: [job({})],
    settings,
    service: ({ db }) => {
      const counted = async <Result>(work: () => Promise<Result>): Promise<Result> => {
        running += 1;
        most = Math.max(most, running);
        try {
          return await work();
        } finally {
          running -= 1;
        }
      };
      const hooked = before(db, (name) => void names.push(name));
      return {
        db: {
          ...hooked,
          read: (statement, deadline) => counted(() => hooked.read(statement, deadline)),
          readPage: (statement, deadline) => counted(() => hooked.readPage(statement, deadline)),
        },
      };
    },
  });
  service = started;
  return { service: started, names, mostAtOnce: () => most };
}

const users = (count: number) =>
  Array.from({ length: count }, (_, nth) => `a${nth}: jobs(filter: [{user: {eq: "u${nth}"}}]) { count }`).join(' ');

test('at most three statements run at the same time, and all of them in the end', async () => {
  const { service: app, names, mostAtOnce } = await watched();
  const { data } = await bodyOf<{ data: object }>(await app.ask(`{ ${users(20)} }`));
  expect(Object.keys(data)).toHaveLength(20);
  expect(names).toHaveLength(20);
  expect(mostAtOnce()).toBe(3);
});

test('equal questions are asked once, different ones each', async () => {
  const { service: app, names } = await watched();
  const same = '{ a: jobs { count } b: jobs(filter: []) { count } c: jobs(filter: [{user: {eq: "x"}}]) { count } }';
  const { data } = await bodyOf<{ data: unknown }>(await app.ask(same));
  expect(data).toEqual({ a: { count: 1 }, b: { count: 1 }, c: { count: 0 } });
  expect(names).toHaveLength(2);
});

test('a page and what follows from it are one statement', async () => {
  const { service: app, names } = await watched();
  await app.ask('{ jobs(page: {page: 1, itemsPerPage: 5}) { items { id } hasNextPage } }');
  expect(names).toHaveLength(1);
  await app.ask('{ jobs(page: {page: 1, itemsPerPage: 5}) { count } }');
  expect(names).toHaveLength(2);
});

test('a full queue is 503 if nothing could be answered, and an error of its field otherwise', async () => {
  const full = await testApp({
    service: ({ db }) => ({
      db: before(db, () => {
        throw new Fault('queue_full', 'the queue is full');
      }),
    }),
  });
  onTestFinished(() => full.close());
  const nothing = await full.ask('{ jobsStatistics { totalJobs } }');
  expect([nothing.status, nothing.headers.get('Retry-After')]).toEqual([503, '1']);
  expect(await nothing.json()).toMatchObject({ errors: [{ extensions: { code: 'queue_full' } }], data: null });
  const some = await full.ask('{ job(id: "1") { id } clusters { name } }');
  expect(some.status).toBe(200);
  expect(await some.json()).toMatchObject({
    errors: [{ path: ['job'], extensions: { code: 'queue_full' } }],
    data: { job: null, clusters: [{ name: 'small' }] },
  });
});

test('after the deadline the answer is 504, and no further statement starts', async () => {
  const names: string[] = [];
  const hanging = await testApp({
    settings: { REQUEST_TIMEOUT_MS: '300' },
    service: ({ db }) => ({
      db: {
        ...db,
        read: (statement, deadline) => {
          names.push(statement.name);
          return new Promise((_, reject) => {
            deadline.signal.addEventListener('abort', () => reject(deadline.signal.reason), { once: true });
          });
        },
      },
    }),
  });
  onTestFinished(() => hanging.close());
  const answer = await hanging.ask(`{ ${users(10)} }`);
  expect([answer.status, await answer.json()]).toEqual([
    504,
    { errors: [{ message: expect.stringContaining('300 ms'), extensions: { code: 'deadline_exceeded' } }], data: null },
  ]);
  expect(names).toHaveLength(3);
});

test('the jobs of all fields of a request are counted together', async () => {
  const script = 'x'.repeat(700_000);
  const app = await testApp({
    jobs: Array.from({ length: 10 }, (_, at) => job({ jobId: at + 1, metaData: { script } })),
  });
  service = app;
  const items = 'page: {page: 1, itemsPerPage: 10}) { items { metaData } }';
  const codes = async (query: string) => {
    const { errors = [] } = await bodyOf<{ errors?: { extensions: object }[] }>(await app.ask(query));
    return errors.map(({ extensions }) => extensions);
  };
  expect(await codes(`{ jobs(${items} }`)).toEqual([]);
  const order = 'order: {field: "jobId", type: "col"}';
  expect(await codes(`{ jobs(${items} b: jobs(${order}, ${items} }`)).toEqual([{ code: 'invalid_request' }]);
});

/** The context of a request with these variables. */
function contextOf(variables: Record<string, unknown>): QueryContext {
  return new QueryContext({ get: (name: string) => variables[name] } as never, 1, PLACE);
}

test('long lists of all requests share the turns of a service that has them', () => {
  const turns = new Turns();
  const service = { settings: {}, clock: () => 0 };
  expect(contextOf({ service: { ...service, turns } }).turns).toBe(turns);
  expect(contextOf({ service }).turns).not.toBe(contextOf({ service }).turns);
});

test('memory for answers is counted among all unread responses until it is free again', () => {
  const held = new UnsentBytes(64 * 2 ** 20);
  const settings = { REQUEST_TIMEOUT_MS: 1_000 };
  const context = (caller: string) => contextOf({ held, deadline: { caller }, service: { settings, clock: () => 0 } });
  const [ada, ben] = [context('ada'), context('ben')];
  ada.takeBytes(1_000);
  expect(held.bytes).toBe(0);
  for (let taken = 0; taken < 31; taken += 1) ada.takeBytes(2 ** 20);
  for (let taken = 0; taken < 17; taken += 1) ben.takeBytes(2 ** 20);
  expect(held.bytes).toBe(48 * 2 ** 20 + 1_000);
  expect(() => ben.takeBytes(2 ** 20)).toThrow('too many responses');
  expect(() => ada.takeBytes(2 ** 21)).toThrow('more than 32 MB');
  ada.end();
  ben.takeBytes(2 ** 20);
  ben.end();
  expect(held.bytes).toBe(0);
});
