/**
 * Sends the requests of docs/api.md with curl, in the order of the page, and compares the answers with the page. Those of
 * docs/graphql.md must be answered without errors.
 */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ClusterFileSchema } from '../src/clusters/cluster-schema.ts';
import { Clusters } from '../src/clusters/clusters.ts';
import { deriveCluster } from '../src/clusters/derive-cluster.ts';
import { clusterFileOf, GENERATED_CLUSTERS } from '../src/dev/generated-clusters.ts';
import { generatedSource } from '../src/dev/generated-source.ts';
import { importJobs } from '../src/import/import-jobs.ts';
import type { Log } from '../src/log.ts';
import { openParquetFiles } from '../src/parquet/parquet-files.ts';
import { answerPattern, blocksOf, readDocument } from './support/documents.ts';
import { makeFolder, removeFolder } from './support/folder.ts';
import { listening } from './support/listening.ts';
import { hasProgram, Terminal } from './support/terminal.ts';
import { job, keys, type TestAppOptions, testApp } from './support/test-app.ts';

/** Start of the newest job, in Unix seconds. The jobs are read at this time. */
const END = 1_790_000_000;

const PAGE = readDocument('docs/api.md');

const clusters = new Clusters(
  GENERATED_CLUSTERS.map((cluster) => deriveCluster(ClusterFileSchema.parse(clusterFileOf(cluster)))),
);

/** The routes under a heading of the page, each with its text. */
function routesUnder(heading: string): string[] {
  const [, section = ''] = new RegExp(`^## ${heading}$(.*?)^## `, 'ms').exec(PAGE) ?? [];
  return section.split(/^### /m).slice(1);
}

interface Example {
  request: string;
  /** The expected output. `…` matches any text. */
  answer: string;
}

/** A block of requests, followed by a block with one answer for each. */
function examplesIn(route: string): Example[] {
  const blocks = route.matchAll(/```sh\n(.*?)\n```\n```(?:json|text)\n(.*?)\n```/gs);
  return [...blocks].flatMap(([, requests = '', answers = '']) => {
    const sent = requests.split(/\n(?=curl )/);
    // An answer starts a line with a brace. A line that continues with a brace was wrapped after a comma.
    const printed = sent.length === 1 ? [answers] : answers.split(/(?<!,)\n(?=[{[])/);
    return sent.map((request, at) => ({ request, answer: printed[at] ?? '(none)' }));
  });
}

/** A terminal with the URL and TOKEN of the page, for a service that runs until `close`. */
interface Ready {
  terminal: Terminal;
  close(): Promise<void>;
}

const [, VARIABLES = ''] = /```sh\n(URL=.*?)\n```/s.exec(PAGE) ?? [];

async function ready(options: TestAppOptions): Promise<Ready> {
  const service = await testApp(options);
  const [terminal, server] = [new Terminal(), await listening(service)];
  terminal.listens(`127.0.0.1:${server.port}`);
  const { code, stderr } = await terminal.type(`JWT_PRIVATE_KEY=${keys.privateKey}\n${VARIABLES}`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const close = async () => {
    await terminal.close();
    await server.close();
    await service.close();
  };
  return { terminal, close };
}

/** The database and the service that the commands under a heading make. */
async function readyByCommands(heading: string): Promise<Ready> {
  const terminal = new Terminal();
  const commands = blocksOf(PAGE).find((block) => block.heading === `## ${heading}` && block.language === 'sh')?.text;
  const { code, stderr } = await terminal.type(`cc-jobs keys > .env\n${commands}\n${VARIABLES}`);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return { terminal, close: () => terminal.close() };
}

const pipes = makeFolder();
afterAll(() => removeFolder(pipes));
const parquetFiles = (log: Log) => openParquetFiles({ tempDir: pipes, queueLimit: 4, callerLimit: 4, log }).files;

const GENERATED: TestAppOptions = {
  async fill({ db, archiveRoot }) {
    const options = { jobs: 3_000, seed: 3, endTime: END, archived: 20, archivePath: archiveRoot };
    const report = { progress() {}, bad() {} };
    await importJobs(db, await generatedSource(options), report, new AbortController().signal);
  },
  service: ({ log }) => ({ clusters, clock: () => END, parquet: parquetFiles(log) }),
};

describe.each<[heading: string, start: (heading: string) => Promise<Ready>]>([
  ['Reading', () => ready(GENERATED)],
  ['Writing', readyByCommands],
])('%s', (heading, start) => {
  const routes = routesUnder(heading);
  let terminal: Terminal;
  let close: Ready['close'];
  beforeAll(async () => {
    ({ terminal, close } = await start(heading));
  });
  afterAll(() => close());

  test('has an example for each route, but for those that are said to be like another', () => {
    expect(routes.length).toBeGreaterThan(8);
    expect(routes.filter((route) => examplesIn(route).length === 0 && !/\nAs `POST/.test(route))).toEqual([]);
  });

  test.runIf(hasProgram('curl')).each(routes.flatMap(examplesIn))('$request', async ({ request, answer }) => {
    const { code, stdout } = await terminal.type(request.replace('$(date +%s)', String(END)));
    expect(code).toBe(0);
    const text = stdout.trimEnd().replaceAll('\r', ''); // CSV ends its lines with CRLF
    // If nothing is left out, toEqual shows more when it fails.
    if (answer.includes('…')) expect(text).toMatch(answerPattern(answer));
    else expect(text).toBe(answer.replaceAll(/,\n/g, ',').replace(/^\(nothing\)$/, ''));
  });
});

test.runIf(hasProgram('curl'))('the requests of docs/graphql.md', async () => {
  const { terminal, close } = await ready({
    jobs: [job({ cluster: 'fern' }), job({ cluster: 'fern', jobId: 2, jobState: 'running' })],
  });
  onTestFinished(close);
  const answers: unknown[] = [];
  for (const { text } of blocksOf(readDocument('docs/graphql.md'))) {
    answers.push(JSON.parse((await terminal.type(text)).stdout));
  }
  const items = ['completed', 'running'].map((state, at) => ({ jobId: at + 1, user: 'ada', state }));
  expect(answers).toEqual([{ data: { jobs: { count: 2, items } } }, { data: { jobs: { count: 1 } } }]);
});

test('every route of /openapi.json has its place on the page', async () => {
  const service = await testApp();
  try {
    const { paths } = (await (await service.app.request('/openapi.json')).json()) as { paths: Record<string, object> };
    const mounted = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const titled = [...PAGE.matchAll(/^### `([A-Z]+ \S+)`$/gm)].map(([, title]) => title);
    const twins = mounted.filter((route) => route.includes(' /userapi/'));
    expect(new Set(titled)).toEqual(new Set(mounted.filter((route) => !twins.includes(route))));
    expect(twins.every((route) => titled.includes(route.replace('/userapi/', '/api/')))).toBe(true);
  } finally {
    await service.close();
  }
});
