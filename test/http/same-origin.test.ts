import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNTS, PASSWORD } from '../support/accounts.ts';
import { cookieOf, sendLogin } from '../support/login.ts';
import { job, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
let cookie: string;
beforeAll(async () => {
  service = await testApp({ jobs: [job({ user: 'ada' })], sql: ACCOUNTS });
  cookie = cookieOf(await sendLogin(service, { username: 'ada', password: PASSWORD }));
});
afterAll(async () => {
  await service.close();
});

/** A session can only write from our own pages. */
test.each([
  [303, 'a program that says nothing', {}],
  [303, 'our page', { Origin: 'http://localhost', 'Sec-Fetch-Site': 'same-origin' }],
  [403, 'a page of another host', { Origin: 'http://evil.example' }],
  [403, 'a page of another port', { Origin: 'http://localhost:3000' }],
  [403, 'a page without an origin', { Origin: 'null' }],
  [403, 'a page of the same site', { 'Sec-Fetch-Site': 'same-site' }],
  [403, 'a page of another site', { 'Sec-Fetch-Site': 'cross-site' }],
])('%i for %s', async (status, _, headers) => {
  const body = new URLSearchParams({ do: 'add', type: 'note', name: 'x', scope: 'ada' }).toString();
  const answer = await service.app.request('http://localhost/jobs/1/tags', {
    method: 'POST',
    body,
    headers: { Cookie: cookie, ...headers },
  });
  expect(answer.status).toBe(status);
});
