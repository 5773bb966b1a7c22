/**
 * Random requests to the pages with a filter, with every field of their forms and every parameter of the API's filter.
 * No request gets a 500, and no input becomes markup or SQL.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SENT } from '../../src/pages/filter/form-entries.ts';
import { job, type TestApp, testApp } from '../support/test-app.ts';

const RUNS = 150;
const PAGES = [
  '/',
  '/jobs',
  '/jobs/1',
  '/statistics',
  '/timeline',
  '/find',
  '/users/ada',
  '/partitions',
  '/report',
  '/saved-filters',
  '/unusual',
  '/nodes/small/n01',
];
const MARK = '<script>mark</script>';
const HEADERS = { Host: 'localhost', Accept: 'text/html' };
const HOSTILE = [
  `${MARK}`,
  `'"></a>${MARK}`,
  `'; DROP TABLE job; --`,
  `') OR 1=1 --`,
  '%',
  '_%\\',
  '*?[a-',
  'a\u0000b',
  '\u202Ex',
  '\uD800',
  'NaN',
  '-1',
  '0',
  '1',
  '1-',
  '1e309',
  '9223372036854775808',
  '2026-02-31T99:99',
  '{"a":1}',
  '?1',
  ':a',
  'x'.repeat(300),
];

let service: TestApp;
let names: string[];
beforeAll(async () => {
  service = await testApp({
    settings: { AUTH: 'none', JWT_PUBLIC_KEY: undefined },
    jobs: Array.from({ length: 5 }, (_, at) => job({ jobId: at + 1 })),
  });
  const found = new Set(['unknown', 'q', 'at', 'page', 'items-per-page', 'sort-by', 'order', 'group-by']);
  for (const page of ['/jobs', '/statistics']) {
    const text = await (await service.app.request(`http://localhost${page}`, { headers: HEADERS })).text();
    for (const [, name = ''] of text.matchAll(/<(?:input|select|textarea)[^>]*\bname="([^"]+)"/g)) found.add(name);
  }
  const answer = await service.app.request('http://localhost/openapi.json', { headers: HEADERS });
  const document = (await answer.json()) as {
    paths: Record<string, { get: { parameters: { name: string; in: string }[] } }>;
  };

  for (const { name, in: place } of document.paths['/api/jobs/']?.get.parameters ?? [])
    if (place === 'query') found.add(name);
  names = [...found];
});
afterAll(() => service.close());

test('nothing anybody asks of a page is a 500, or markup, or SQL', async () => {
  expect(names.length).toBeGreaterThan(60);
  const statuses = new Map<number, number>();
  const value = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 8 }));
  const query = fc.array(fc.tuple(fc.constantFrom(...names), value), { minLength: 1, maxLength: 4 });
  for (const page of PAGES) {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), query, async (isForm, sent) => {
        const pairs = isForm ? [[SENT, '1'] as const, ...sent] : sent;
        const text = pairs.map(([name, one]) => `${name}=${encodeURIComponent(one.toWellFormed())}`).join('&');
        let target = `${page}?${text}`;
        let answer = await service.app.request(`http://localhost${target}`, { headers: HEADERS });
        for (let redirects = 0; answer.status === 302 && redirects < 2; redirects++) {
          target = answer.headers.get('Location') ?? '';
          expect(target, text).toMatch(/^\/(?!\/)/);
          answer = await service.app.request(`http://localhost${target}`, { headers: HEADERS });
        }
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        const shown = await answer.text();
        expect([200, 400], `${target}: ${answer.status} ${shown.slice(0, 500)}`).toContain(answer.status);
        expect(shown).not.toContain(MARK);
        expect(shown).not.toMatch(/SQLITE_|syntax error|unrecognized token/);
      }),
      { numRuns: RUNS },
    );
  }
  expect([...statuses.keys()].sort()).toEqual([200, 400]);
  expect(await service.query('SELECT count(*) AS jobs FROM job')).toEqual([{ jobs: 5 }]);
}, 120_000);
