/** Entry of the service on Node. Environment -> settings -> database -> app -> listen. */
import { randomBytes } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { getConnInfo } from '@hono/node-server/conninfo';
import { createApp } from './app.ts';
import { openArchive } from './archive/archive-processes.ts';
import { checkArchive } from './archive/version-and-clusters.ts';
import { Turns } from './event-loop-turns.ts';
import { Fault } from './faults.ts';
import type { Service } from './http/service.ts';
import { SharedState } from './http/shared-state.ts';
import type { Log } from './log.ts';
import { readAssets } from './nodejs/asset-files.ts';
import { openBodies } from './nodejs/body-parser.ts';
import { bareResponse } from './nodejs/broken-requests.ts';
import { Connections } from './nodejs/connection-limit.ts';
import { arrivedAt } from './nodejs/graphql-queues.ts';
import { closeServer, listen, urlOf } from './nodejs/http-server.ts';
import { LoopLagMeter } from './nodejs/loop-lag.ts';
import { MemoryHistory } from './nodejs/memory-history.ts';
import { upkeepOf } from './nodejs/memory-sizing.ts';
import { cutConnection, trailers, whenSent } from './nodejs/node-listener.ts';
import { mostConnections, openFilesLimit } from './nodejs/open-files.ts';
import { passwordThread } from './nodejs/password-thread.ts';
import { type ReadSettings, Reloads } from './nodejs/reload.ts';
import { completed, type Reloadable, warnOf } from './nodejs/reloaded-parts.ts';
import { hasDuckDb } from './nodejs/start-column-index.ts';
import { type Plan, planOf } from './nodejs/startup-plan.ts';
import { waitAtMost } from './nodejs/wait-at-most.ts';
import { openParquetFiles } from './parquet/parquet-files.ts';
import { ReplacementPermit } from './processes/replacement-permit.ts';
import { ownRssMb } from './processes/rss.ts';
import type { FixedSettings } from './restart-only-settings.ts';
import { databaseFile } from './settings.ts';
import { databaseKind, type Settings } from './settings-by-deployment.ts';
import type { ReloadStatus } from './system-state-types.ts';
import { followArchive } from './timed/archive-follower.ts';
import { startFileCheck } from './timed/file-check.ts';
import { startTimer } from './timed/timer.ts';

/** The longest wait of a request before the service is ready. The first copy of a replica may take minutes. */
const START_WAIT_MS = 2_000;
const STARTING = new Fault('queue_full', 'the service is starting');
/** Time from the end of the last request to the end of the processes. */
const CLOSE_GRACE_MS = 1_000;
/** Length of a random key that lasts as long as the service. */
const SESSION_KEY_BYTES = 32;
/** Processes of the archive, the column index and a replica, in addition to the pool. */
const OTHER_PROCESSES = 7;

type App = ReturnType<typeof createApp>;

export interface RunningService {
  /** The address of the service, such as `http://127.0.0.1:8080`. */
  url: string;
  log: Log;
  /** Replaces settings and clusters. Requests that run end with what they began with. Never throws. */
  reload(read: ReadSettings): Promise<ReloadStatus>;
  /** Stops accepting requests, lets running ones finish within their deadlines, then ends all processes. */
  stop(): Promise<void>;
}

/**
 * Starts the service, on HOST and PORT or on a listening socket that is passed as a file descriptor. Throws a StartupError
 * that lists all problems if it cannot start.
 */
export async function startService(settings: Settings, socket?: number): Promise<RunningService> {
  const plan = await planOf(settings);
  const fixed: FixedSettings = settings.values;
  const { sizing, place, log } = plan;
  const first = Promise.withResolvers<App>();
  let running: App | undefined;
  first.promise.catch(() => {}); // requests that wait for the app get this error
  // Listen before the database is opened: a service that cannot get its address must not touch anything.
  const server = await listen(
    async (...request) => {
      const ready = running ?? (await waitAtMost(START_WAIT_MS, first.promise));
      return ready === undefined ? bareResponse(STARTING) : await ready.fetch(...request);
    },
    fixed,
    socket,
  );
  const most = mostConnections(openFilesLimit(), {
    processes: sizing.processes + OTHER_PROCESSES,
    requests: databaseKind(fixed) === 'file' ? 0 : fixed.DB_QUEUE_LIMIT,
  });
  const connections = new Connections(server, most, (fields, message) => log.warn(fields, message));
  const use = (app: App) => {
    running = app; // requests in flight end with the app that they began with
    first.resolve(app);
  };
  try {
    const parts = await startParts(fixed, plan, connections, use);
    const url = urlOf(fixed, server, socket);
    for (const note of sizing.notes) log.warn({}, note);
    warnOf(settings, log);
    log.info({ url, database: place.shown, limitMb: sizing.limitMb }, 'listening');
    return {
      url,
      log,
      reload: parts.reload,
      async stop() {
        await closeServer(server, fixed.REQUEST_TIMEOUT_MS);
        await parts.close();
        log.info({}, 'stopped');
      },
    };
  } catch (error) {
    first.reject(error);
    await closeServer(server, 0);
    throw error;
  }
}

/** Starts everything except the server: database, archive, app and background work. */
async function startParts(
  fixed: FixedSettings,
  { sizing, place, archiveRoot, prepared, log, ...plan }: Plan,
  connections: Connections,
  use: (app: App) => void,
) {
  const replacementPermit = new ReplacementPermit();
  const { db, index } = await place.open({ sizing, replacementPermit, log });
  const first = await completed(prepared, { db, log }).catch(async (error: unknown) => {
    await db.close(0);
    throw error;
  });
  const archive = openArchive({
    root: archiveRoot,
    memoryMb: sizing.archiveMb,
    upkeepMb: upkeepOf(fixed),
    queueLimit: fixed.DB_QUEUE_LIMIT,
    callerLimit: fixed.DB_CALLER_LIMIT,
    maxIdleMs: fixed.DB_MAX_IDLE_S * 1000,
    replacementPermit,
    log,
  });
  const bodies = openBodies({
    memoryMb: sizing.bodiesMb,
    queueLimit: fixed.DB_QUEUE_LIMIT,
    callerLimit: fixed.DB_CALLER_LIMIT,
    replacementPermit,
    log,
  });
  const parquet = openParquetFiles({
    tempDir: resolve(fixed.DB_TEMP_DIR ?? dirname(databaseFile(fixed) ?? '.')),
    queueLimit: fixed.DB_QUEUE_LIMIT,
    callerLimit: fixed.DB_CALLER_LIMIT,
    log,
  });
  const clock = () => Date.now() / 1000;
  const follower = followArchive({ db, archive, log });
  const passwords = passwordThread();
  const loop = new LoopLagMeter();
  const memory = new MemoryHistory(() => [
    parentStatus(),
    ...bodies.status().processes,
    ...db.status().processes,
    ...archive.status().processes,
    ...parquet.status().processes,
  ]);
  const assets = readAssets();
  const randomKey = randomBytes(SESSION_KEY_BYTES).toString('base64');
  const serviceOf = ({
    settings: { values, sources, notApplied },
    clusters,
    directory,
    metrics,
  }: Reloadable): Service => ({
    settings: values,
    db,
    index,
    archive,
    clusters,
    clock,
    log,
    assets,
    frontend: plan.frontend,
    recentLog: () => plan.recentLog.entries(),
    directory,
    sessionKey: values.SESSION_KEY ?? randomKey,
    comparePassword: passwords.compare,
    hashPassword: passwords.hash,
    compresses: true,
    hasSharedLimits: true,
    takeApart: bodies.takeApart,
    parquet: sizing.parquetMb > 0 && hasDuckDb() ? parquet.files : undefined,
    turns,
    system: () => ({
      notApplied,
      sources,
      sizing,
      archive: archive.status(),
      bodies: bodies.status(),
      parquet: parquet.status(),
      parent: { ...parentStatus(), eventLoopLagMs: loop.worstMs, connections: connections.status() },
      timedWork: timer.status(),
      lastReload: reloads.status(),
    }),
    metrics,
    degraded: () => [...fileCheck.degraded(), ...reloads.degraded()],
    memoryHistory: () => memory.samples,
    archiveChanged: () => follower.wake(),
    cutConnection,
    trailers,
    whenSent,
    identified: (c) => connections.identified(c.env.incoming),
    clientAddress: (c) => getConnInfo(c).remote.address ?? '',
    arrivedAt: (c) => arrivedAt(c.env.incoming),
  });
  const turns = new Turns();
  const shared = new SharedState(serviceOf(first));
  const reloads = new Reloads({
    first,
    db,
    archiveRoot,
    log,
    use(next) {
      use(createApp(serviceOf(next), shared));
      log.level = next.settings.values.LOG_LEVEL;
    },
  });
  // What runs without a request reads the settings anew each time.
  const work = {
    db,
    archive: archive.upkeep,
    clock,
    log,
    get settings() {
      return reloads.current.settings.values;
    },
    get directory() {
      return reloads.current.directory;
    },
  };
  const timer = startTimer(work);
  const fileCheck = startFileCheck(work);
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
  try {
    await checkArchive(archiveRoot);
  } catch (error) {
    await close();
    throw error;
  }
  use(createApp(serviceOf(first), shared));
  follower.wake(); // archive changes that an earlier service left
  return { close, reload: (read: ReadSettings) => reloads.reload(read) };
}

function parentStatus() {
  return {
    pid: process.pid,
    rssMb: Math.round(ownRssMb()),
    ageSec: Math.round(process.uptime()),
  };
}
