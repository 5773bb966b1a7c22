/** docs/from-cc-backend.md: nginx sends /query to cc-jobs and the rest to cc-backend. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../src/dev/servers/free-port.ts';
import { ACCOUNTS } from '../support/accounts.ts';
import { type CcBackend, startCcBackend } from '../support/cc-backend.ts';
import { CC_BACKEND_KEY } from '../support/cc-backend-session.ts';
import { blocksOf, readDocument } from '../support/documents.ts';
import { makeFolder, removeFolder } from '../support/folder.ts';
import { type Listening, listening } from '../support/listening.ts';
import { hasProgram } from '../support/terminal.ts';
import { bodyOf, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const blocks = blocksOf(readDocument('docs/from-cc-backend.md')).filter(({ heading }) =>
  heading.startsWith('## GraphQL from cc-jobs'),
);
const textOf = (language: string) => blocks.find((block) => block.language === language)?.text ?? '';
const CONFIGURATION = textOf('nginx');
/** The settings of the document. Two of them must not be those of this test. */
const SETTINGS = Object.fromEntries(
  textOf('ini')
    .split('\n')
    .map((line) => line.split('=') as [string, string]),
);
/** Commands, each with the output that the document shows. */
const COMMANDS = textOf('console')
  .split(/^\$ /m)
  .slice(1)
  .map((text) => {
    const [command = '', ...output] = text.trimEnd().split('\n');
    return { command, output };
  });

test('the document has the settings, the configuration and the commands', () => {
  expect(Object.keys(SETTINGS)).toEqual(['GRAPHQL_UPSTREAM', 'CC_BACKEND_SESSIONS', 'TRUST_PROXY']);
  expect(CONFIGURATION).toContain('location = /query');
  expect(COMMANDS).toHaveLength(2);
});

describe.skipIf(!hasProgram('nginx'))('with nginx', () => {
  const folder = makeFolder();
  let ccBackend: CcBackend;
  let ccJobs: Listening;
  let service: TestApp;
  let nginx: ChildProcess;
  let url = '';

  /** Starts nginx on a free port. */
  async function serve(configuration: string): Promise<void> {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const server = configuration
      .replace('listen 80;', `listen 127.0.0.1:${port};`)
      .replaceAll('127.0.0.1:8080', new URL(ccBackend.url).host)
      .replaceAll('127.0.0.1:8081', `127.0.0.1:${ccJobs.port}`);
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${join(folder, name)};`,
    );
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; master_process off; pid ${join(folder, 'pid')}; error_log stderr notice; events {}
      http { access_log off; ${paths.join(' ')} ${server} }`,
    );
    nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr']);
    let log = '';
    // It listens before it writes this line.
    await new Promise<void>((resolve) => {
      nginx.once('close', resolve);
      nginx.stderr?.on('data', (chunk) => {
        log += chunk;
        if (log.includes('using the "')) resolve();
      });
    });
    expect(nginx.exitCode, log).toBeNull();
  }
  async function stop(): Promise<void> {
    nginx.kill('SIGTERM');
    await once(nginx, 'exit');
  }

  beforeAll(async () => {
    ccBackend = await startCcBackend(() => NOW);
    service = await testApp({
      jobs: [job({ jobState: 'running' }), job({ jobId: 2 })],
      sql: ACCOUNTS,
      settings: { ...SETTINGS, GRAPHQL_UPSTREAM: ccBackend.url, SESSION_KEY: CC_BACKEND_KEY },
    });
    ccJobs = await listening(service);
    await serve(CONFIGURATION);
  });
  afterAll(async () => {
    await stop();
    await ccJobs.close();
    await service.close();
    await ccBackend.stop();
    removeFolder(folder);
  });

  async function logIn(username: string): Promise<string> {
    const answer = await fetch(`${url}/login`, {
      method: 'POST',
      body: new URLSearchParams({ username, password: 'any' }),
      redirect: 'manual',
    });
    return answer.headers.get('Set-Cookie')?.split(';')[0] ?? '';
  }
  async function ask(query: string, headers: Record<string, string>) {
    const answer = await fetch(`${url}/query`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
    });
    return { isCcJobs: answer.headers.has('X-Request-Id'), ...(await bodyOf<Record<string, unknown>>(answer)) };
  }
  const TIMES = 'from: "2026-11-28T10:00:00Z", to: "2026-11-28T10:10:00Z"';

  test('pages come from cc-backend, and GraphQL by its session from cc-jobs', async () => {
    expect(await (await fetch(`${url}/monitoring/jobs/`)).text()).toBe('a page of cc-backend: /monitoring/jobs/');
    const Cookie = await logIn('sue');
    const query = `{ jobs { count } nodeMetrics(cluster: "small", ${TIMES}) { host } }`;
    expect(await ask(query, { Cookie })).toEqual({
      isCcJobs: true,
      data: { jobs: { count: 2 }, nodeMetrics: [{ host: 'n01' }] },
    });
    expect(ccBackend.asked.map(({ headers }) => headers.cookie)).toEqual([Cookie]);
    expect(await ask('{ jobs { count } }', {})).toMatchObject({ isCcJobs: true, data: null });
  });

  test('a setting is changed in both, from the pages alone', async () => {
    const Cookie = await logIn('ada');
    const query = 'mutation { updateConfiguration(name: "k", value: "1") }';
    expect(await ask(query, { Cookie, Origin: url })).toEqual({ isCcJobs: true, data: { updateConfiguration: null } });
    expect(await service.query('SELECT username, value FROM configuration')).toEqual([{ username: 'ada', value: '1' }]);
    expect(ccBackend.asked.at(-1)?.query).toContain('updateConfiguration');
    expect(await ask(query, { Cookie, Origin: 'http://evil.example' })).toMatchObject({ data: null });
  });

  test.skipIf(!hasProgram('curl')).each(COMMANDS)('$command', async ({ command, output }) => {
    const TOKEN = await service.token('root', 'admin', 'api');
    const { stdout } = await promisify(execFile)('sh', ['-c', command.replace('http://cc.example.org', url)], {
      env: { ...process.env, TOKEN },
    });
    const shape = (text: string) =>
      text
        .trim()
        .replace(/[\da-f]{8}-[\da-f-]{27}/, 'ID')
        .replace(/(?<="count":)\d+/, 'N');
    expect(stdout.trimEnd().split('\n').map(shape)).toEqual(output.map(shape));
  });

  test('without the location everything comes from cc-backend again', async () => {
    await stop();
    await serve(CONFIGURATION.replace(/ *location = \/query \{[^}]*\}\n/, ''));
    expect(await ask(`{ nodeMetrics(cluster: "small", ${TIMES}) { host } }`, {})).toMatchObject({ isCcJobs: false });
  });
});
