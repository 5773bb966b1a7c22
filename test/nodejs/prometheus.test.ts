import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { onNode, type Setup, type SharedJobs, sharedJobs } from '../support/setups.ts';
import { openSqlite } from '../support/sqlite.ts';

const TOKEN = 'a-token-for-the-scraper';
const DOCS = join(import.meta.dirname, '../../docs/monitoring');
const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;

let jobs: SharedJobs;
let service: Setup;
let url: string;
beforeAll(async () => {
  jobs = await sharedJobs(300);
  const db = openSqlite(jobs.path, 1_000);
  await db.exec("UPDATE job SET job_state = 'running' WHERE id % 5 = 0");
  db.close();
  service = await serviceWith({ METRICS_TOKEN: TOKEN });
  ({ url } = service);
});
afterAll(async () => {
  await service.close();
  jobs.remove();
});

function serviceWith(env: Record<string, string>): Promise<Setup> {
  return onNode('', { DB_URL: `file:${jobs.path}`, COLUMN_INDEX: 'off', AUTH: 'none', ...env }, jobs);
}

const scrape = async () => {
  const answer = await fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${TOKEN}` } });
  expect([answer.status, answer.headers.get('Content-Type')]).toEqual([200, expect.stringContaining('version=0.0.4')]);
  return await answer.text();
};

/** The samples of a metric by their labels, as they are printed. */
function samplesOf(text: string, name: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(name.length, at), Number(line.slice(at + 1))];
    }),
  );
}

test('every line is a sample with a help and a type of its metric', async () => {
  const text = await scrape();
  const types = new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type = '']) => [name, type]));
  for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
    const [, name = ''] = /^([a-z_]+)(?:\{(?:[a-z_]+="[^"\n]*",?)+\})? [-+.\de]+$/.exec(line) ?? [];
    expect(types.has(name) || types.get(name.replace(/_(bucket|sum|count)$/, '')) === 'histogram', line).toBe(true);
    expect(name).toMatch(/^ccjobs_/);
  }
  expect(types.size).toBeGreaterThan(25);
});

test('requests are counted by the pattern of their route, whatever a caller writes', async () => {
  const before = samplesOf(await scrape(), 'ccjobs_http_requests_total');
  await fetch(`${url}/api/jobs/1`);
  await fetch(`${url}/api/jobs/2`);
  await fetch(`${url}/api/jobs/count`);
  await fetch(`${url}/api/jobs/?page=x`);
  for (const path of ['/nothing', '/nothing/else', '/api/%22%0A']) await fetch(url + path);
  await fetch(`${url}/api/jobs/`, { method: 'PROPFIND' });
  const text = await scrape();
  const after = samplesOf(text, 'ccjobs_http_requests_total');
  const grown = (labels: string) => (after.get(labels) ?? 0) - (before.get(labels) ?? 0);
  expect(grown('{method="GET",route="/api/jobs/:id",status="200"}')).toBe(2);
  expect(grown('{method="GET",route="/api/jobs/count",status="200"}')).toBe(1);
  expect(grown('{method="GET",route="/api/jobs/",status="400"}')).toBe(1);
  expect(grown('{method="GET",route="none",status="404"}')).toBe(3);
  expect([...after.keys()].filter((labels) => labels.includes('other'))).toHaveLength(1);
  expect(text).not.toContain('nothing');
  const times = samplesOf(text, 'ccjobs_http_request_duration_seconds_count');
  expect(times.get('{route="/api/jobs/:id"}')).toBe(2);
});

test('jobs that have not ended are those of the API', async () => {
  const text = await scrape();
  expect(samplesOf(text, 'ccjobs_cluster_figures_up').get('')).toBe(1);
  const running = [...samplesOf(text, 'ccjobs_unended_jobs')].filter(([labels]) => labels.includes('state="running"'));
  const { count } = (await (await fetch(`${url}/api/jobs/count?state=running`)).json()) as { count: number };
  expect(running.reduce((sum, [, value]) => sum + value, 0)).toBe(count);
  expect(count).toBeGreaterThan(0);
  const nodes = [...samplesOf(text, 'ccjobs_unended_nodes')].filter(([labels]) => labels.includes('state="running"'));
  const { statistics } = (await (await fetch(`${url}/api/statistics/jobs?state=running`)).json()) as {
    statistics: { totalNodes: number }[];
  };
  expect(nodes.reduce((sum, [, value]) => sum + value, 0)).toBe(statistics[0]?.totalNodes);
});

test('names of users are only there if METRICS_TOP asks for them', async () => {
  expect(await scrape()).not.toMatch(/user=|project=/);
});

describe('who may read them', () => {
  test.each([
    ['no token', {}],
    ['another token', { Authorization: 'Bearer another' }],
    ['another scheme', { Authorization: `Basic ${TOKEN}` }],
    ['a part of the token', { Authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['the token of the API', { 'X-Auth-Token': TOKEN }],
  ])('not with %s', async (_what, headers) => {
    const answer = await fetch(`${url}/metrics`, { headers: headers as Record<string, string> });
    expect([answer.status, answer.headers.get('WWW-Authenticate')]).toEqual([401, 'Bearer']);
    expect(await answer.text()).not.toContain(TOKEN);
  });

  test('an address that is listed, with the users and projects of METRICS_TOP; not without a setting', async () => {
    const listed = await serviceWith({ METRICS_ADDRESSES: '10.1.1.1, 127.0.0.1', METRICS_TOP: '3' });
    onTestFinished(() => listed.close());
    const text = await (await fetch(`${listed.url}/metrics`)).text();
    const most = [...samplesOf(text, 'ccjobs_top_user_nodes').values()];
    expect(most).toHaveLength(3);
    expect(most).toEqual([...most].sort((a, b) => b - a));
    expect(samplesOf(text, 'ccjobs_top_project_nodes').size).toBe(3);
    const closed = await serviceWith({});
    onTestFinished(() => closed.close());
    expect((await fetch(`${closed.url}/metrics`)).status).toBe(404);
  });
});

/** The names of metrics in the expressions of the alert rules and of the dashboard. */
test('every metric of the alert rules and the dashboard exists', async () => {
  const types = [...(await scrape()).matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name);
  const dashboard = JSON.parse(readFileSync(join(DOCS, 'dashboard.json'), 'utf8')) as {
    panels: { targets: { expr: string }[] }[];
  };
  const expressions = [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...[...readFileSync(join(DOCS, 'alerts.yml'), 'utf8').matchAll(/expr: (.*)/g)].map(([, expr = '']) => expr),
  ];
  expect(expressions.length).toBeGreaterThan(15);
  const named = expressions.flatMap((expr) => expr.match(/ccjobs_\w+/g) ?? []);
  const isOptional = (name: string) => name.startsWith('ccjobs_column_index_'); // this service has no index
  expect(
    named.map((name) => name.replace(/_bucket$/, '')).filter((name) => !types.includes(name) && !isOptional(name)),
  ).toEqual([]);
});

describe.skipIf(!hasPromtool)('promtool', () => {
  test('takes the metrics', async () => {
    const input = await scrape();
    expect(execFileSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })).toBe('');
  });

  test('takes the alert rules', () => {
    expect(execFileSync('promtool', ['check', 'rules', join(DOCS, 'alerts.yml')], { encoding: 'utf8' })).toContain(
      'SUCCESS',
    );
  });
});
