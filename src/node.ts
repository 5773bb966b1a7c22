/** Entry of the service on Node. Environment -> settings -> database -> app -> listen. */
import { randomBytes } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { getConnInfo } from '@hono/node-server/conninfo';
import { pino } from 'pino';
import { createApp } from './app.ts';
import { openArchive } from './archive/client.ts';
import { checkArchive, readClusterFiles } from './archive/open.ts';
import type { Directory } from './directory.ts';
import { Fault } from './faults.ts';
import type { FrontendFiles } from './frontend/files.ts';
import type { Log } from './log.ts';
import { readAssets } from './node/asset-files.ts';
import { openBodies } from './node/bodies.ts';
import { bareResponse } from './node/client-error.ts';
import { type ClusterFiles, clustersOf } from './node/cluster-files.ts';
import { hasDuckDb } from './node/column-index.ts';
import { Connections } from './node/connections.ts';
import { type DatabaseTarget, databaseTarget } from './node/database.ts';
import { readFrontend } from './node/frontend-folder.ts';
import { LogRing } from './node/log-ring.ts';
import { LoopLagMeter } from './node/loop-lag.ts';
import { MemoryHistory } from './node/memory-history.ts';
import { cutConnection, trailers, whenSent } from './node/node-listener.ts';
import { mostConnections, openFilesLimit } from './node/open-files.ts';
import { passwordThread } from './node/password-thread.ts';
import { arrivedAt } from './node/query-lines.ts';
import { closeServer, listen, urlOf } from './node/server.ts';
import { sizeFor, thisMachine } from './node/sizing.ts';
import { stderrLines } from './node/stderr-lines.ts';
import { waitAtMost } from './node/wait-at-most.ts';
import { openParquetFiles } from './parquet/parquet-files.ts';
import { ReplacementPermit } from './processes/replacement-permit.ts';
import { ownRssMb } from './processes/rss.ts';
import { databaseFile, databaseKind, type Settings, type SettingValues } from './settings.ts';
import type { Sizing } from './system-state.ts';
import { followArchive } from './timed/archive-follower.ts';
import { startFileCheck } from './timed/file-check.ts';
import { startTimer } from './timed/timer.ts';
import { Turns } from './turns.ts';

/** The longest wait of a request before the service is ready. The first copy of a replica may take minutes. */
const START_WAIT_MS = 2_000;
const STARTING = new Fault('queue_full', 'the service is starting');
/** Time from the end of the last request to the end of the processes. */
const CLOSE_GRACE_MS = 1_000;
/** Length of a random key that lasts as long as the service. */
const SESSION_KEY_BYTES = 32;
/** Processes of the archive, the column index and a replica, in addition to the pool. */
const OTHER_PROCESSES = 6;

export interface RunningService {
  /** The address of the service, such as `http://127.0.0.1:8080`. */
  url: string;
  log: Log;
  /** Stops accepting requests, lets running ones finish within their deadlines, then ends all processes. */
  stop(): Promise<void>;
}

/**
 * Starts the service, on HOST and PORT or on a listening socket that is passed as a file descriptor. Throws a StartupError
 * that lists all problems if it cannot start.
 */
export async function startService(settings: Settings, socket?: number): Promise<RunningService> {
  const plan = await planOf(settings);
  const { values, notApplied } = settings;
  const { sizing, place, log } = plan;
  const app = Promise.withResolvers<ReturnType<typeof createApp>>();
  let running: ReturnType<typeof createApp> | undefined;
  app.promise.catch(() => {}); // requests that wait for the app get this error
  // Listen before the database is opened: a service that cannot get its address must not touch anything.
  const server = await listen(
    async (...request) => {
      const ready = running ?? (await waitAtMost(START_WAIT_MS, app.promise));
      return ready === undefined ? bareResponse(STARTING) : await ready.fetch(...request);
    },
    values,
    socket,
  );
  const most = mostConnections(openFilesLimit(), {
    processes: sizing.processes + OTHER_PROCESSES,
    requests: databaseKind(values) === 'file' ? 0 : values.DB_QUEUE_LIMIT,
  });
  const connections = new Connections(server, most, (fields, message) => log.warn(fields, message));
  try {
    const parts = await startParts(plan, connections);
    running = parts.app;
    app.resolve(running);
    const url = urlOf(values, server, socket);
    for (const note of sizing.notes) log.warn({}, note);
    if (notApplied.length > 0) {
      log.warn({ settings: notApplied }, 'settings ignored by this deployment: see docs/settings.md');
    }
    if (values.LDAP_URL?.startsWith('ldap:') && !values.LDAP_TLS) {
      log.warn({ server: values.LDAP_URL }, 'LDAP_TLS is off: passwords are sent to the directory unencrypted');
    }
    log.info({ url, database: place.shown, limitMb: sizing.limitMb }, 'listening');
    return {
      url,
      log,
      async stop() {
        await closeServer(server, values.REQUEST_TIMEOUT_MS);
        await parts.close();
        log.info({}, 'stopped');
      },
    };
  } catch (error) {
    app.reject(error);
    await closeServer(server, 0);
    throw error;
  }
}

/** What follows from the settings, before anything is written or listened on. */
interface Plan {
  settings: Settings;
  sizing: Sizing;
  place: DatabaseTarget;
  archiveRoot: string;
  clusterFiles: ClusterFiles;
  /** Undefined without FRONTEND_PATH. */
  frontend: FrontendFiles | undefined;
  /** Undefined without LDAP_URL. */
  directory: Directory | undefined;
  recentLog: LogRing;
  log: Log;
}

/** Throws StartupError. */
async function planOf(settings: Settings): Promise<Plan> {
  const { values } = settings;
  const stderr = stderrLines();
  const recentLog = new LogRing();
  const write = (line: string) => {
    stderr.write(line);
    recentLog.add(line);
  };
  const log = pino({ level: values.LOG_LEVEL, base: null }, values.FRONTEND_PATH === undefined ? stderr : { write });
  const sizing = sizeFor(values, thisMachine());
  const place = await databaseTarget(values);
  const archiveRoot = resolve(values.ARCHIVE_PATH);
  await checkArchive(archiveRoot, { mark: false }); // a refused startup writes nothing
  const frontend = values.FRONTEND_PATH === undefined ? undefined : await readFrontend(values.FRONTEND_PATH);
  const clusterFiles = await readClusterFiles(archiveRoot);
  const directory = await directoryOf(values);
  return { directory, settings, sizing, place, archiveRoot, clusterFiles, frontend, recentLog, log };
}

/** Starts everything except the server: database, archive, app and background work. */
async function startParts(
  {
    settings: { values: settings, sources, notApplied },
    sizing,
    place,
    archiveRoot,
    clusterFiles,
    directory,
    log,
    ...plan
  }: Plan,
  connections: Connections,
) {
  const replacementPermit = new ReplacementPermit();
  const { db, index } = await place.open({ sizing, replacementPermit, log });
  const clusters = await clustersOf(clusterFiles, db, log).catch(async (error: unknown) => {
    await db.close(0);
    throw error;
  });
  const archive = openArchive({
    root: archiveRoot,
    memoryMb: sizing.archiveMb,
    queueLimit: settings.DB_QUEUE_LIMIT,
    callerLimit: settings.DB_CALLER_LIMIT,
    maxIdleMs: settings.DB_MAX_IDLE_S * 1000,
    replacementPermit,
    log,
  });
  const bodies = openBodies({
    memoryMb: sizing.bodiesMb,
    queueLimit: settings.DB_QUEUE_LIMIT,
    callerLimit: settings.DB_CALLER_LIMIT,
    replacementPermit,
    log,
  });
  const parquet = openParquetFiles({
    tempDir: resolve(settings.DB_TEMP_DIR ?? dirname(databaseFile(settings) ?? '.')),
    queueLimit: settings.DB_QUEUE_LIMIT,
    callerLimit: settings.DB_CALLER_LIMIT,
    log,
  });
  const clock = () => Date.now() / 1000;
  const follower = followArchive({ db, archive, log });
  const timer = startTimer({ db, settings, directory, clock, log });
  const fileCheck = startFileCheck({ db, settings, clock, log });
  const passwords = passwordThread();
  const loop = new LoopLagMeter();
  const memory = new MemoryHistory(() => [
    parentStatus(),
    ...bodies.status().processes,
    ...db.status().processes,
    ...archive.status().processes,
    ...parquet.status().processes,
  ]);
  const close = async () => {
    memory.stop();
    loop.stop();
    // Unfinished work may take long. It ends with its process and is repeated after the next start.
    const own = Promise.all([follower.stop(), timer.stop(), fileCheck.stop()]);
    await waitAtMost(CLOSE_GRACE_MS, own);
    parquet.close();
    await Promise.all([
      db.close(CLOSE_GRACE_MS),
      archive.close(CLOSE_GRACE_MS),
      bodies.close(CLOSE_GRACE_MS),
      passwords.close(),
    ]);
  };
  const app = createApp({
    settings,
    db,
    index,
    archive,
    clusters,
    clock,
    log,
    assets: readAssets(),
    frontend: plan.frontend,
    recentLog: () => plan.recentLog.entries(),
    directory,
    sessionKey: settings.SESSION_KEY ?? randomBytes(SESSION_KEY_BYTES).toString('base64'),
    comparePassword: passwords.compare,
    hashPassword: passwords.hash,
    compresses: true,
    hasSharedLimits: true,
    takeApart: bodies.takeApart,
    parquet: sizing.parquetMb > 0 && hasDuckDb() ? parquet.files : undefined,
    turns: new Turns(),
    system: () => ({
      notApplied,
      sources,
      sizing,
      archive: archive.status(),
      bodies: bodies.status(),
      parquet: parquet.status(),
      parent: { ...parentStatus(), eventLoopLagMs: loop.worstMs, connections: connections.status() },
      timedWork: timer.status(),
    }),
    metrics: await metricsFor(settings),
    degraded: fileCheck.degraded,
    memoryHistory: () => memory.samples,
    archiveChanged: () => follower.wake(),
    cutConnection,
    trailers,
    whenSent,
    identified: (c) => connections.identified(c.env.incoming),
    clientAddress: (c) => getConnInfo(c).remote.address ?? '',
    arrivedAt: (c) => arrivedAt(c.env.incoming),
  });
  try {
    await checkArchive(archiveRoot);
  } catch (error) {
    await close();
    throw error;
  }
  follower.wake(); // archive changes that an earlier service left
  return { app, close };
}

/** The library is only loaded with LDAP_URL. Throws StartupError. */
async function directoryOf(settings: SettingValues): Promise<Directory | undefined> {
  if (settings.LDAP_URL === undefined) return undefined;
  const { openLdapDirectory } = await import('./node/ldap-directory.ts');
  return await openLdapDirectory(settings);
}

/** The library is only loaded if the metrics are served. */
async function metricsFor({ METRICS_TOKEN, METRICS_ADDRESSES }: SettingValues) {
  if (METRICS_TOKEN === undefined && METRICS_ADDRESSES === undefined) return undefined;
  const { serviceMetrics } = await import('./node/prometheus.ts');
  return serviceMetrics();
}

function parentStatus() {
  return {
    pid: process.pid,
    rssMb: Math.round(ownRssMb()),
    ageSec: Math.round(process.uptime()),
  };
}
