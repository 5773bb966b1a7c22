import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApp } from '../../src/app.ts';
import { answerArchiveRequest } from '../../src/archive/archive-requests.ts';
import type { Archive } from '../../src/archive/port.ts';
import { piecesOf } from '../../src/archive/utf8-pieces.ts';
import { ClusterFileSchema } from '../../src/clusters/cluster-schema.ts';
import { Clusters } from '../../src/clusters/clusters.ts';
import { deriveCluster } from '../../src/clusters/derive-cluster.ts';
import { jobRows } from '../../src/db/job-rows.ts';
import type { Database } from '../../src/db/port.ts';
import { startDeadline } from '../../src/deadline.ts';
import { Fault } from '../../src/faults.ts';
import { makeKeys } from '../../src/http/auth/signing-keys.ts';
import { makeToken } from '../../src/http/auth/token.ts';
import type { Service } from '../../src/http/service.ts';
import type { Job } from '../../src/jobs/job.ts';
import type { Log } from '../../src/log.ts';
import { losslessJson } from '../../src/lossless-json.ts';
import { readAssets } from '../../src/nodejs/asset-files.ts';
import type { Bindings } from '../../src/settings.ts';
import { settingsOnNode } from '../../src/settings-by-deployment.ts';
import type { Sizing } from '../../src/system-state-types.ts';
import { makeFolder, removeFolder } from './folder.ts';
import { openInProcess } from './in-process.ts';
import { migratedFile } from './migrated-file.ts';
import { smallCluster } from './small-cluster.ts';
import { openSqlite } from './sqlite.ts';

/** The current time of every test in Unix seconds. */
export const NOW = 1_800_000_000;

export const keys = await makeKeys();
/** Keys that the app does not know. */
export const otherKeys = await makeKeys();

/** The memory sizing that the app reports. */
export const SIZING: Sizing = {
  limitMb: 1,
  machine: { memoryMb: 4, source: 'a test' },
  parentMb: 1,
  bodiesMb: 0,
  archiveMb: 0,
  columnsMb: 0,
  parquetMb: 0,
  processes: 0,
  connection: { cacheMb: 0, softHeapMb: 0, hardHeapMb: 0, baseMb: 0, growthMb: 0 },
  notes: [],
};

export interface LogLine {
  level: string;
  message: string;
  fields: Record<string, unknown>;
}

/** A log that collects its lines. */
export function listeningLog(lines: LogLine[], bindings: Record<string, unknown> = {}): Log {
  const write = (level: string) => (fields: object, message: string) => {
    lines.push({ level, message, fields: { ...bindings, ...fields } });
  };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (more) => listeningLog(lines, { ...bindings, ...more }),
  };
}

export function job(changes: Partial<Job> = {}): Job {
  return {
    jobId: 1,
    cluster: 'small',
    subCluster: 'main',
    partition: '',
    project: 'p1',
    user: 'ada',
    shared: 'none',
    jobState: 'completed',
    submitTime: 0,
    startTime: NOW - 7200,
    duration: 3600,
    walltime: 7200,
    arrayJobId: 0,
    numNodes: 1,
    numHwthreads: 4,
    numAcc: 0,
    smt: 1,
    monitoringStatus: 0,
    energy: 0,
    resources: [{ hostname: 'n01' }],
    footprint: null,
    energyFootprint: null,
    metaData: null,
    tags: [],
    ...changes,
  };
}

/** The smallest body of start_job. */
export const START_BODY = {
  jobId: 7,
  cluster: 'small',
  user: 'ada',
  numNodes: 1,
  resources: [{ hostname: 'n01' }],
  startTime: NOW,
};

/** A row as cc-backend leaves it in job_cache until its next round. */
export const CACHED_JOB = `INSERT INTO job_cache (job_id, cluster, subcluster, start_time, hpc_user, project, cluster_partition, array_job_id,
    duration, walltime, job_state, meta_data, resources, num_nodes, num_hwthreads, num_acc, smt, shared, monitoring_status)
  VALUES (50, 'small', 'main', ${NOW - 100}, 'bob', 'p1', '', 0, 0, 0, 'running', 'null', '[{"hostname":"n02"}]', 1, 4, 0, 0, 'none', 1)`;

export interface TestAppOptions {
  settings?: Partial<Bindings>;
  jobs?: readonly Job[];
  /** A file to copy and to migrate, instead of a new database. */
  database?: string;
  /** More SQL, run before the app starts. */
  sql?: string;
  /** Fills the database and the archive folder before the app is created. */
  fill?: (place: { db: Database; archiveRoot: string }) => Promise<void>;
  service?: (real: Service) => Partial<Service>;
}

export type TestApp = Awaited<ReturnType<typeof testApp>>;

/** The real app on a real database file, with the cluster `small` and an archive folder. The caller must `close` it. */
export async function testApp({ settings = {}, jobs = [], database, sql, fill, service }: TestAppOptions = {}) {
  const folder = makeFolder();
  const path = join(folder, 'job.db');
  const archiveRoot = join(folder, 'archive');
  if (database !== undefined) {
    copyFileSync(database, path);
    chmodSync(path, 0o600);
  }
  await migratedFile(path);
  if (sql !== undefined) {
    const driver = openSqlite(path);
    await driver.exec(sql);
    driver.close();
  }
  const db = await openInProcess(path);
  await db.write('insertJobs', jobRows(jobs), startDeadline(30_000));
  await fill?.({ db, archiveRoot });
  const lines: LogLine[] = [];
  const { values, sources, notApplied } = settingsOnNode({ env: { JWT_PUBLIC_KEY: keys.publicKey, ...settings } });
  const real: Service = {
    settings: values,
    db,
    archive: localArchive(archiveRoot),
    clusters: new Clusters([deriveCluster(ClusterFileSchema.parse(smallCluster()))]),
    clock: () => NOW,
    log: listeningLog(lines),
    assets: readAssets(),
    sessionKey: values.SESSION_KEY ?? 'a key for tests',
    compresses: true,
    hasSharedLimits: true,
    system: () => ({ sources, notApplied, sizing: SIZING }),
    clientAddress: () => '127.0.0.1',
  };
  const app = createApp({ ...real, ...service?.(real) });
  const token = (user = 'robot', ...roles: string[]) =>
    makeToken(keys.privateKey, { user, roles: roles.length === 0 ? ['api'] : roles }, NOW);
  return {
    app,
    db,
    lines,
    archiveRoot,
    token,
    /** GET with the token of a machine account, or of this user with these roles. */
    async get(target: string, user?: string, ...roles: string[]) {
      return await app.request(target, { headers: { 'X-Auth-Token': await token(user, ...roles) } });
    },
    /**
     * A request with a body (JSON, or a string as is) and the token of a machine account, or of this user with these
     * roles.
     */
    async send(method: string, target: string, body: unknown, user?: string, ...roles: string[]) {
      const text = typeof body === 'string' ? body : losslessJson(body);
      const headers = { 'X-Auth-Token': await token(user, ...roles), 'Content-Type': 'application/json' };
      return await app.request(target, { method, headers, body: text });
    },
    /** A GraphQL request with the token of an administrator, or of this user with these roles. */
    async ask(query: string, variables: unknown = null, user = 'root', ...roles: string[]) {
      const held = roles.length === 0 ? ['admin', 'api'] : roles;
      return await this.send('POST', '/query', { query, variables }, user, ...held);
    },
    /** Queries the file on a separate connection. */
    async query(select: string): Promise<Record<string, unknown>[]> {
      const connection = openSqlite(path, 1000);
      try {
        return await (await connection.prepare(select)).all([]);
      } finally {
        connection.close();
      }
    },
    /** Changes the file as another program would. */
    async write(sql: string): Promise<void> {
      const connection = openSqlite(path, 1000);
      await connection.exec(sql);
      connection.close();
    },
    async close() {
      await db.close(1000);
      removeFolder(folder);
    },
  };
}

/** Reads the archive in this process. */
function localArchive(root: string): Archive {
  return {
    statistics: async (jobs, _, metrics) =>
      (await answerArchiveRequest(root, { kind: 'statistics', jobs, metrics })).texts,
    follow: async (changes) => void (await answerArchiveRequest(root, { kind: 'follow', changes })),
    async jobData(request) {
      const [text = null] = (await answerArchiveRequest(root, { kind: 'jobData', ...request })).texts;
      return text === null ? null : [...piecesOf(text)];
    },
    async scopedMetrics(request) {
      const { texts, refused } = await answerArchiveRequest(root, { kind: 'scopedMetrics', ...request });
      if (refused !== undefined) throw new Fault('invalid_request', refused);
      return texts.includes(null) ? null : texts.map((text) => new TextEncoder().encode(text ?? ''));
    },
    roofline: async (request) => (await answerArchiveRequest(root, { kind: 'roofline', ...request })).texts[0] ?? null,
  };
}

/** A port that calls `hook` before each `read` or `readPage`. */
export function before(db: Database, hook: (statement: string) => Promise<void> | void): Database {
  return {
    ...db,
    async read(statement, deadline) {
      await hook(statement.name);
      return await db.read(statement, deadline);
    },
    async readPage(statement, deadline) {
      await hook(statement.name);
      return await db.readPage(statement, deadline);
    },
  };
}

/** The JSON body of a response, typed as the test expects. */
export async function bodyOf<Body>(answer: Response): Promise<Body> {
  return (await answer.json()) as Body;
}

/**
 * Status, code and text of an error. Throws if the body does not have the standard format of errors, or that of GraphQL.
 */
export async function faultIn(answer: Response): Promise<[status: number, code: string, error: string]> {
  const { status, error, code, ...rest } = standardFault(await bodyOf<Record<string, string> | GraphqlFault>(answer));
  const texts = [status, error, code].every((text) => typeof text === 'string' && text !== '');
  if (!texts || Object.keys(rest).length > 0 || answer.headers.get('Content-Type') !== 'application/json') {
    throw new Error(`not the shape of an error: ${JSON.stringify({ status, error, code, ...rest })}`);
  }
  return [answer.status, code ?? '', error ?? ''];
}

interface GraphqlFault {
  errors: [{ message: string; extensions: { code: string } }];
  data: null;
}

function standardFault(body: Record<string, string> | GraphqlFault): Record<string, string> {
  if (!Array.isArray(body.errors) || body.data !== null) return body as Record<string, string>;
  const [{ message, extensions }] = (body as GraphqlFault).errors;
  return { status: 'as GraphQL', error: message, code: extensions.code };
}
