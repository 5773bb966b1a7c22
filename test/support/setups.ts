/** The same service in each of its deployments, on the same jobs. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { unstable_startWorker as startWorker } from 'wrangler';
import { migrate } from '../../src/db/schema/migrate.ts';
import { generatedSource } from '../../src/dev/generated-source.ts';
import { startLibsqlServer } from '../../src/dev/servers/libsql-server.ts';
import { makeToken } from '../../src/http/auth/token.ts';
import { importJobs } from '../../src/import/import-jobs.ts';
import { startService } from '../../src/nodejs.ts';
import { settingsOnNode } from '../../src/settings-by-deployment.ts';
import { ACCOUNTS } from './accounts.ts';
import { startCcBackend } from './cc-backend.ts';
import { makeFolder, removeFolder } from './folder.ts';
import { openInProcess } from './in-process.ts';
import { openSqlite } from './sqlite.ts';
import { keys } from './test-app.ts';

/** The time of the newest job in Unix seconds. */
export const END = 1_790_000_000;

export interface Setup {
  name: string;
  url: string;
  /** Whether statistics and metric data of archived jobs are available. */
  hasArchive: boolean;
  /** The libSQL server that the service uses. */
  serverPid?: number;
  serverUrl?: string;
  /** Runs the cron of a Worker now. */
  scheduled?: () => Promise<void>;
  close(): Promise<void>;
}

export interface Answer {
  status: number;
  body: unknown;
}

/** Accounts and finished jobs, so that no response depends on the time. All deployments copy this folder. */
export async function sharedJobs(jobs: number) {
  const folder = makeFolder();
  const path = join(folder, 'job.db');
  const archive = join(folder, 'archive');
  const ccBackend = await startCcBackend();
  await migrate(path);
  const db = await openInProcess(path);
  const source = await generatedSource({ jobs, seed: 5, endTime: END, archived: 5, archivePath: archive });
  await importJobs(db, source, { progress() {}, bad() {} }, new AbortController().signal);
  await db.close(1_000);
  const driver = openSqlite(path, 1_000);
  await driver.exec(`UPDATE job SET job_state = 'completed' WHERE job_state = 'running';
    ${ACCOUNTS}
    INSERT INTO tag (tag_type, tag_name, tag_scope) VALUES ('set', 'one', 'global'), ('set', 'two', 'admin');
    INSERT INTO node (id, hostname, cluster, subcluster, meta_data) VALUES (7, 'f0002', 'fern', 'main', '{"rack":"r1"}'), (8, 'g0001', 'gust', 'main', NULL);
    INSERT INTO node_state (time_stamp, jobs_running, node_state, health_state, health_metrics, node_id) VALUES
      (1700000000, 1, 'idle', 'full', '', 7), (1700000060, 2, 'allocated', 'partial', '{"missing":["ipc"]}', 7), (1700000060, 0, 'down', 'failed', '', 8);
    INSERT INTO jobtag (job_id, tag_id) SELECT job.id, tag.id FROM job, tag WHERE job.id % 3 = 0 AND tag_type = 'set';
    PRAGMA wal_checkpoint(TRUNCATE)`);
  driver.close();
  const remove = () => {
    removeFolder(folder);
    void ccBackend.stop();
  };
  return { folder, path, archive, ccBackend, remove };
}

export type SharedJobs = Awaited<ReturnType<typeof sharedJobs>>;

/** The time limit of requests. It is long enough for a busy machine. A test of a stopped server waits for it. */
export const TIMEOUT_MS = 8_000;
/** The key of sessions, of our own and of cc-backend. */
export const SESSION_KEY = btoa('a session key that all of them have');
const COMMON = {
  REQUEST_TIMEOUT_MS: String(TIMEOUT_MS),
  PORT: '0',
  JWT_PUBLIC_KEY: keys.publicKey,
  SESSION_KEY,
  CC_BACKEND_SESSIONS: 'on',
  LOG_LEVEL: 'silent',
};

export async function onNode(name: string, given: Record<string, string>, jobs: SharedJobs): Promise<Setup> {
  const env = { ...COMMON, ARCHIVE_PATH: jobs.archive, GRAPHQL_UPSTREAM: jobs.ccBackend.url, ...given };
  const service = await startService(settingsOnNode({ env }));
  return { name, url: service.url, hasArchive: true, close: () => service.stop() };
}

export async function withFile(jobs: SharedJobs): Promise<Setup> {
  const path = join(jobs.folder, 'file.db');
  cpSync(jobs.path, path);
  return await onNode('Node, a file', { DB_URL: `file:${path}` }, jobs);
}

/** A libSQL server with the jobs. */
export async function serverWith(jobs: SharedJobs, name: string) {
  const folder = join(jobs.folder, name);
  mkdirSync(join(folder, 'dbs/default'), { recursive: true });
  cpSync(jobs.path, join(folder, 'dbs/default/data'));
  return await startLibsqlServer({ folder });
}

export async function withServer(jobs: SharedJobs): Promise<Setup> {
  const server = await serverWith(jobs, 'sqld-node');
  const setup = await onNode('Node, a libSQL server', { DB_URL: server.url }, jobs);
  return {
    ...setup,
    serverPid: server.pid,
    async close() {
      await setup.close();
      await server.stop();
    },
  };
}

export async function withReplica(jobs: SharedJobs): Promise<Setup> {
  const server = await serverWith(jobs, 'sqld-replica');
  const path = join(jobs.folder, 'replica', 'job.db');
  const given = { DB_URL: `file:${path}`, DB_SYNC_URL: server.url, DB_SYNC_MS: '200' };
  const setup = await onNode('Node, a replica', given, jobs);
  return {
    ...setup,
    async close() {
      await setup.close();
      await server.stop();
    },
  };
}

/** `via` returns the address of a proxy to the libSQL server, `more` has further settings. */
export async function inWorker(
  jobs: SharedJobs,
  {
    via = async (url: string) => url,
    more = {},
  }: { via?: (url: string) => Promise<string>; more?: Record<string, string> } = {},
): Promise<Setup> {
  const server = await serverWith(jobs, 'sqld-worker');
  // The service with the archive stores the clusters in the database. A Worker reads them there.
  await (await onNode('', { DB_URL: server.url }, jobs)).close();
  const texts = {
    DB_URL: await via(server.url),
    JWT_PUBLIC_KEY: keys.publicKey,
    SESSION_KEY,
    GRAPHQL_UPSTREAM: jobs.ccBackend.url,
    LOG_LEVEL: 'silent',
    PORT: '80',
    ...more,
  };
  const worker = await startWorker({
    config: join(import.meta.dirname, '../../wrangler.toml'),
    bindings: {
      ...Object.fromEntries(
        Object.entries(texts).map(([name, value]) => [name, { type: 'plain_text' as const, value }]),
      ),
      // A number and booleans as they arrive from wrangler.toml.
      REQUEST_TIMEOUT_MS: { type: 'json', value: TIMEOUT_MS },
      TRUST_PROXY: { type: 'json', value: true },
      JWT_VALIDATE_USER: { type: 'json', value: false },
      CC_BACKEND_SESSIONS: { type: 'json', value: true },
    },
    dev: { server: { hostname: '127.0.0.1', port: 0 }, inspector: false, watch: false, logLevel: 'none' },
  });
  const { origin } = await worker.url;
  return {
    name: 'a Worker, a libSQL server',
    url: origin,
    hasArchive: false,
    serverPid: server.pid,
    serverUrl: server.url,
    scheduled: async () => {
      const done = await fetch(`${origin}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*`);
      if (!done.ok) throw new Error(`the cron answered ${done.status}: ${await done.text()}`);
    },
    async close() {
      await worker.dispose();
      await server.stop();
    },
  };
}

/** Sends one request with a token that has these roles. */
export async function ask(
  { url }: Pick<Setup, 'url'>,
  { method = 'GET', path, body, roles = ['admin', 'api'], user = 'root' }: Asked,
): Promise<Answer> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      'X-Auth-Token': await makeToken(keys.privateKey, { user, roles }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = /^[[{]/.test(text) && answer.headers.get('Content-Type') !== 'application/x-ndjson';
  return { status: answer.status, body: isJson ? JSON.parse(text) : text };
}

export interface Asked {
  method?: string;
  path: string;
  body?: unknown;
  user?: string;
  roles?: string[];
}
