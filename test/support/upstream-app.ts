/** The app at a cc-backend of GRAPHQL_UPSTREAM, with running and ended jobs. */
import { expect } from 'vitest';
import type { Job } from '../../src/jobs/job.ts';
import { ACCOUNTS } from './accounts.ts';
import { writeFiles } from './archive.ts';
import { CC_BACKEND_KEY } from './cc-backend-session.ts';
import { bodyOf, job, NOW, type TestApp, testApp } from './test-app.ts';

/** By database id: 1 and 3 run, 2 has ended between their starts. 1 and 2 are ada's, 3 is bob's. */
export const JOBS: Job[] = [
  job({ jobId: 11, user: 'ada', jobState: 'running', startTime: NOW - 300, numAcc: 2 }),
  job({ jobId: 12, user: 'ada', monitoringStatus: 3, startTime: NOW - 200, duration: 100 }),
  job({ jobId: 13, user: 'bob', jobState: 'running', startTime: NOW - 100 }),
];
const ARCHIVED = { [`small/0/012/${NOW - 200}/meta.json`]: { statistics: { cpu_load: { avg: 7, min: 7, max: 7 } } } };

export async function upstreamApp(address: string, settings = {}): Promise<TestApp> {
  return await testApp({
    jobs: JOBS,
    sql: ACCOUNTS,
    settings: { GRAPHQL_UPSTREAM: address, CC_BACKEND_SESSIONS: 'on', SESSION_KEY: CC_BACKEND_KEY, ...settings },
    fill: async ({ archiveRoot }) => await writeFiles(archiveRoot, ARCHIVED),
  });
}

export interface Answer {
  data: Record<string, unknown> | null;
  errors?: { path: unknown[]; extensions: { code: string } }[];
  extensions?: { upstream?: Record<string, string> };
}

/** Sends a document to /query. */
export async function send(
  { app }: TestApp,
  query: string,
  variables: unknown,
  headers: Record<string, string>,
): Promise<Answer> {
  const answer = await app.request('/query', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  expect(answer.status).toBe(200);
  return await bodyOf<Answer>(answer);
}

/** The same with a token of a user, who is an admin unless roles are given. */
export async function ask(
  service: TestApp,
  query: string,
  variables: unknown = {},
  user = 'root',
  ...roles: string[]
): Promise<Answer> {
  const token = await service.token(user, ...(roles.length === 0 ? ['admin'] : roles));
  return await send(service, query, variables, { 'X-Auth-Token': token });
}

export const TIMES = 'from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z"';
export const NODES = `{ nodeMetrics(cluster: "small", ${TIMES}) { host metrics { name metric { series { data } } } } }`;
