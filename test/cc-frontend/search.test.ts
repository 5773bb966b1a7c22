/** The search field of cc-backend's front end: where each text leads. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNTS, PASSWORD } from '../support/accounts.ts';
import { smallFrontend } from '../support/frontend.ts';
import { cookieOf, sendLogin } from '../support/login.ts';
import { job, NOW, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
const cookies = new Map<string, string>();
beforeAll(async () => {
  service = await testApp({
    sql: `${ACCOUNTS} INSERT INTO hpc_user (username, name, ldap) VALUES ('a&b', 'Odd (Ada) O.', 0);`,
    jobs: [
      job({ jobId: 1, user: 'ada', project: 'p1' }),
      job({ jobId: 2, user: 'zoe', project: 'p2' }),
      job({ jobId: 3, user: 'a/b', project: 'odd & even' }),
    ],
    service: () => ({ frontend: smallFrontend() }),
  });
  for (const username of ['root', 'sue', 'max', 'ada', 'nil']) {
    cookies.set(username, cookieOf(await sendLogin(service, { username, password: PASSWORD })));
  }
});
afterAll(() => service.close());

async function search(user: string, text: string) {
  const headers = { Cookie: cookies.get(user) ?? '' };
  return await service.app.request(`/search?${new URLSearchParams({ searchId: text })}`, { headers });
}

const MONTH = `startTime=${NOW - 30 * 86_400}-${NOW}`;

test.each([
  ['root', 'jobId:12', '/monitoring/jobs/?jobId=12'],
  ['root', ' jobId : 12 ', '/monitoring/jobs/?jobId=12'],
  ['root', 'jobName:a&b', `/monitoring/jobs/?${MONTH}&jobName=a%26b`],
  ['root', 'projectId:p1', '/monitoring/jobs/?projectMatch=eq&project=p1'],
  ['root', 'arrayJobId:7', `/monitoring/jobs/?${MONTH}&arrayJobId=7`],
  ['root', 'username:zo', '/monitoring/users/?user=zo&startTime=last30d'],
  ['root', 'name:ada', '/monitoring/users/?user=a%26b&user=ada&startTime=last30d'],
  ['root', '12', '/monitoring/jobs/?jobId=12'],
  ['root', 'zoe', '/monitoring/user/zoe'],
  ['root', 'a/b', '/monitoring/user/a%2Fb'],
  ['sue', 'root r', '/monitoring/user/root'],
  ['root', 'p2', '/monitoring/jobs/?projectMatch=eq&project=p2'],
  ['root', 'odd & even', '/monitoring/jobs/?projectMatch=eq&project=odd+%26+even'],
  ['root', 'else', `/monitoring/jobs/?${MONTH}&jobName=else`],
  ['root', '//evil.example', `/monitoring/jobs/?${MONTH}&jobName=%2F%2Fevil.example`],
  // a manager finds users and projects with jobs that he may see
  ['max', 'zoe', '/monitoring/user/zoe'], // by a job of his project
  ['max', 'p1', `/monitoring/jobs/?${MONTH}&jobName=p1`],
  // users find jobs only
  ['ada', 'zoe', `/monitoring/jobs/?${MONTH}&jobName=zoe`],
  ['ada', 'p1', `/monitoring/jobs/?${MONTH}&jobName=p1`],
  ['nil', 'ada', `/monitoring/jobs/?${MONTH}&jobName=ada`],
])('%s searches %j', async (user, text, target) => {
  const answer = await search(user, text);
  expect([answer.status, answer.headers.get('Location')]).toEqual([302, target]);
});

test.each([
  ['root', '', 'Empty search'],
  ['root', '  ', 'Empty search'],
  ['root', 'a:b:c', 'A search has the form TEXT or KIND:TEXT'],
  ['root', '<b>:1', 'Unknown kind of search: &lt;b&gt;'],
  ['root', 'name:who', 'No user has this name'],
  ['ada', 'name:ada', 'You may not search for other users'],
  ['ada', 'username:zoe', 'You may not search for other users'],
])('%s searches %j and gets a message', async (user, text, message) => {
  const answer = await search(user, text);
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain(`role="alert">${message}</div>`);
});
