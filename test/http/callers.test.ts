/** The caller in whose name a request waits. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { UnsentBytes } from '../../src/http/limits/unsent-bytes.ts';
import { job, type TestApp, type TestAppOptions, testApp } from '../support/test-app.ts';

let service: TestApp;
afterEach(async () => await service.close());

/** The service, and the callers that the database was given. */
async function start(settings: TestAppOptions['settings'] = {}, address = () => '127.0.0.1') {
  const callers: string[] = [];
  service = await testApp({
    settings,
    jobs: [job({ jobId: 1 }), job({ jobId: 2 })],
    service: ({ db }) => ({
      clientAddress: address,
      db: {
        ...db,
        read: async (statement, deadline) => {
          callers.push(deadline.caller);
          return await db.read(statement, deadline);
        },
        readPage: async (statement, deadline) => {
          callers.push(deadline.hasBegun ? `${deadline.caller}, goes on` : deadline.caller);
          return await db.readPage(statement, deadline);
        },
        write: async (name, input, deadline) => {
          callers.push(deadline.caller);
          return await db.write(name, input, deadline);
        },
      },
    }),
  });
  return callers;
}

test.each(['/api/jobs/count', '/api/statistics/jobs', '/api/jobs/', '/api/jobs/1', '/jobs', '/statistics', '/'])(
  'the subject of a token waits for %s',
  async (path) => {
    const callers = await start();
    expect((await service.get(path, 'robot', 'api', 'admin')).status).toBe(200);
    expect(callers).not.toEqual([]);
    expect(new Set(callers)).toEqual(new Set(['user robot']));
  },
);

test('no route makes a deadline without a caller', () => {
  const files = ['routes', 'src/http', 'src/pages'].flatMap((folder) =>
    globSync(`${folder}/**/*.ts`, { cwd: join(import.meta.dirname, '../..') }),
  );
  expect(files.length).toBeGreaterThan(60);
  const making = files.filter((file) =>
    /\bstartDeadline\(|\bwithin\(/.test(readFileSync(join(import.meta.dirname, '../..', file), 'utf8')),
  );
  // The first one of a request. It gets its caller there, and the others are parts of it.
  expect(making).toEqual(['src/http/limits/request-deadline.ts']);
});

test('the account of a token is looked up as its user too', async () => {
  const callers = await start({ JWT_VALIDATE_USER: 'on' });
  await service.get('/api/jobs/count', 'robot');
  expect(callers).toEqual(['user robot']);
});

test('a write waits as its user', async () => {
  const callers = await start();
  await service.send('DELETE', '/api/jobs/delete_job/1', '', 'robot', 'api');
  expect(new Set(callers)).toEqual(new Set(['user robot']));
});

test('with AUTH=none it is the address that waits', async () => {
  let address = '127.0.0.1';
  const callers = await start({ AUTH: 'none' }, () => address);
  for (address of ['127.0.0.1', '127.0.0.2', '127.0.0.1']) {
    expect((await service.app.request('http://localhost/api/jobs/count')).status).toBe(200);
  }
  expect(callers).toEqual(['address 127.0.0.1', 'address 127.0.0.2', 'address 127.0.0.1']);
});

test('a login, of whom nobody knows yet who it is, waits as its address', async () => {
  const callers = await start();
  const body = new URLSearchParams({ username: 'ada', password: 'wrong' });
  await service.app.request('/login', { method: 'POST', body });
  expect(callers).toEqual(['address 127.0.0.1']);
});

test('the next parts of a list wait as the same caller, and as those of an answer that has begun', async () => {
  const many = Array.from({ length: 1_200 }, (_, at) => job({ jobId: 10 + at }));
  const seen: string[] = [];
  service = await testApp({
    jobs: many,
    service: ({ db }) => ({
      db: {
        ...db,
        readPage: async (statement, deadline) => {
          seen.push(`${deadline.caller}${deadline.hasBegun ? ', goes on' : ''}`);
          return await db.readPage(statement, deadline);
        },
      },
    }),
  });
  const answer = await service.get('/api/jobs/?items-per-page=1200', 'robot');
  await answer.text();
  expect([seen[0], new Set(seen.slice(1))]).toEqual(['user robot', new Set(['user robot, goes on'])]);
});

test('a caller may hold as much as is left for others, so that there is always room for one more', async () => {
  await start();
  const held = new UnsentBytes(120);
  held.add(59, 'ada');
  held.checkRoom('ada');
  held.add(1, 'ada');
  expect(() => held.checkRoom('ada')).toThrow('too many of your own responses');
  held.checkRoom('ben');
  held.add(30, 'ben'); // ada 60, ben 30, left 30
  expect(() => held.checkRoom('ben')).toThrow('too many responses are waiting');
  held.checkRoom('cleo');
  held.give(60, 'ada');
  held.checkRoom('ada');
  held.checkRoom('ben');
  expect(held.bytes).toBe(30);
});
