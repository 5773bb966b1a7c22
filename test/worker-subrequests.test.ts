/** Cloudflare limits the requests that a Worker sends while it answers one (docs/scaling.md): 50 on the free plan. */
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { type DeafProxy, deafProxyTo } from './support/deaf-proxy.ts';
import { ask, inWorker, type SharedJobs, sharedJobs } from './support/setups.ts';

const JOBS = 3_000;

let jobs: SharedJobs;
beforeAll(async () => {
  jobs = await sharedJobs(JOBS);
  return () => jobs.remove();
});

test('an answer takes few requests to the libSQL server, and a list one for each 500 jobs or 256 KB', async () => {
  let asked: DeafProxy['asked'] = [];
  const worker = await inWorker(jobs, {
    async via(url) {
      const proxy = await deafProxyTo(url);
      asked = proxy.asked;
      return proxy.url;
    },
  });
  onTestFinished(() => worker.close());
  const taken = async (path: string) => {
    asked.length = 0;
    expect((await ask(worker, { path })).status, path).toBe(200);
    return asked.length;
  };
  expect(await taken('/api/jobs/count')).toBeLessThanOrEqual(3); // the first request of an isolate reads the clusters as well
  expect(await taken('/api/jobs/count')).toBe(1);
  expect(await taken('/api/statistics/jobs?group-by=user')).toBe(1);
  expect(await taken('/api/jobs/?items-per-page=500')).toBeLessThanOrEqual(3);
  expect(await taken(`/api/jobs/?items-per-page=${JOBS}`)).toBeLessThanOrEqual(10);
  for (const page of ['/', '/jobs', '/statistics', '/timeline', '/find?q=a', '/partitions', '/report'])
    expect(await taken(page), page).toBeLessThanOrEqual(10);
  expect(await taken('/saved-filters')).toBeLessThanOrEqual(3);
  expect(await taken('/unusual')).toBeLessThanOrEqual(25);
  const { body } = await ask(worker, { path: '/api/jobs/?items-per-page=1' });
  const { jobs: listed } = body as { jobs: { user: string; cluster: string; resources: { hostname: string }[] }[] };
  const [{ user, cluster, resources } = expect.fail('no job')] = listed;
  expect(await taken(`/users/${user}`)).toBeLessThanOrEqual(20);
  expect(await taken(`/nodes/${cluster}/${resources[0]?.hostname}?at=1`)).toBeLessThanOrEqual(10);
});
