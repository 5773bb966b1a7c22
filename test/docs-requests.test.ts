/** The requests of docs/api.md that write, sent one after the other: each is answered as the page says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Clusters } from '../src/clusters/clusters.ts';
import { deriveCluster } from '../src/clusters/derive.ts';
import { ClusterFileSchema } from '../src/clusters/schema.ts';
import { clusterFileOf, GENERATED_CLUSTERS } from '../src/dev/clusters.ts';
import { type TestApp, testApp } from './support/test-app.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../docs/api.md'), 'utf8');
const [, SECTION = ''] = /^## Writing$(.*?)^## /ms.exec(PAGE) ?? [];
const EXAMPLES = [...SECTION.matchAll(/```sh\n(curl .*?)\n```\n```(?:json|text)\n(.*?)\n```/gs)].map(
  ([, request = '', answer = '']): [string, string] => [request, answer],
);

let service: TestApp;
beforeAll(async () => {
  const clusters = GENERATED_CLUSTERS.map((cluster) => deriveCluster(ClusterFileSchema.parse(clusterFileOf(cluster))));
  service = await testApp({
    service: () => ({ clusters: new Clusters(clusters) }),
    sql: `INSERT INTO hpc_user (username, name, roles) VALUES ('max', 'Max M.', '["user","manager"]')`,
  });
});
afterAll(() => service.close());

test('there is an example for each route, but for those that are said to be like another', () => {
  const routes = SECTION.split(/^### /m).slice(1);
  const without = routes.filter((route) => !route.includes('```sh') && !/\nAs `POST/.test(route));
  expect(without).toEqual([]);
  expect(EXAMPLES.length).toBeGreaterThan(routes.length / 2);
});

test.each(EXAMPLES)('%s', async (request, documented) => {
  const [, method, path = '', body] =
    /^curl -s -H "X-Auth-Token: \$TOKEN"(?: -X (\w+))? "\$URL(.*?)"(?: -d '(.*)')?$/s.exec(request) ?? [];
  const answer = await service.app.request(path, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { 'X-Auth-Token': await service.token('root', 'admin', 'api') },
    ...(body === undefined ? {} : { body }),
  });
  const text = (await answer.text()).trimEnd();
  // Lines of the page are broken where no text is.
  expect(text).toBe(documented.replaceAll(/,\n/g, ',').replace(/^\(nothing\)$/, ''));
});
