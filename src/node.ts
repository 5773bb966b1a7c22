/** Entry: the service on Node. Environment -> settings -> database -> app -> listen. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getConnInfo } from '@hono/node-server/conninfo';
import { pino } from 'pino';
import { createApp } from './app.ts';
import { openArchive as checkArchive, readClusters } from './archive/open.ts';
import { BadStart } from './bad-start.ts';
import type { Clusters } from './clusters/clusters.ts';
import { buildIndexes } from './db/bulk.ts';
import type { Database } from './db/port.ts';
import { refuseBrokenRequests } from './http/client-error.ts';
import { cutConnection, nodeListener, whenSent } from './http/node-server.ts';
import { openArchive } from './pool/archive.ts';
import { isInMemory, openPool } from './pool/pool.ts';
import { type Sizing, sizeFor, thisMachine } from './pool/sizing.ts';
import { SpareSlot } from './pool/spare-slot.ts';
import type { Settings } from './settings.ts';
import { stderrLines } from './stderr-lines.ts';
import { followArchive } from './timed/archive-follower.ts';
import { startTimer } from './timed/timer.ts';

/** Bytes of request line and headers together; Node answers more with 431. */
const MAX_HEADER_BYTES = 16 * 1024;
/** A client must have sent its headers by then, as at cc-backend. */
const HEADERS_LIMIT_MS = 20_000;
/** Longer than the minute between two polls of a scheduler adapter, so that it need not connect again. */
const KEEP_ALIVE_MS = 65_000;
/** A request at its deadline is answered by then. */
const SILENCE_BEYOND_DEADLINE_MS = 10_000;
/** While the server closes: how often it lets go of connections whose request has ended. */
const CLOSE_IDLE_MS = 20;
/** From the end of the last request to the end of the processes. */
const CLOSE_GRACE_MS = 1_000;

export interface RunningService {
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  url: string;
  /** Stops accepting, lets what runs end within its deadline, then ends every process. */
  stop(): Promise<void>;
}

/** Starts the service. Throws BadStart when it cannot be, with everything that is wrong. */
export async function startService(settings: Settings): Promise<RunningService> {
  const log = pino({ level: settings.LOG_LEVEL, base: null }, stderrLines());
  const sizing = sizeFor(settings, thisMachine());
  const path = databasePath(settings);
  const root = resolve(settings.ARCHIVE_PATH);
  await checkArchive(root, { mark: false }); // a start that is refused writes nothing
  const clusters = await readClusters(root);
  const tempDir = resolve(settings.DB_TEMP_DIR ?? dirname(path));
  if (settings.DB_TEMP_DIR !== undefined) await checkTempDir(tempDir);
  const app = Promise.withResolvers<ReturnType<typeof createApp>>();
  app.promise.catch(() => {}); // whoever asked for something meanwhile is told
  // Before the database: a service that cannot have its address has touched nothing.
  const server = await listen(async (...request) => (await app.promise).fetch(...request), settings);
  try {
    const parts = await startParts({ settings, sizing, path, tempDir, root, clusters, log });
    app.resolve(parts.app);
    const url = urlOf(settings, server);
    for (const note of sizing.notes) log.warn({}, note);
    log.info({ url, database: path, limitMb: sizing.limitMb }, 'listening');
    return {
      url,
      async stop() {
        await closeServer(server, settings.REQUEST_TIMEOUT_MS);
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

interface PartsOptions {
  settings: Settings;
  sizing: Sizing;
  path: string;
  tempDir: string;
  root: string;
  clusters: Clusters;
  log: pino.Logger;
}

/** Everything behind the server: database, archive, the app on them, and the work that no request asks for. */
async function startParts({ settings, sizing, path, tempDir, root, clusters, log }: PartsOptions) {
  const spareSlot = new SpareSlot();
  const db = await openPool({ ...poolOptions(settings, sizing), path, tempDir, spareSlot, log });
  if (isInMemory(tempDir))
    log.warn({ tempDir }, 'DB_TEMP_DIR is a memory file system: sorts there take memory nobody counts');
  const archive = openArchive({
    root,
    memoryMb: sizing.archiveMb,
    queueLimit: settings.DB_QUEUE_LIMIT,
    maxIdleMs: settings.DB_MAX_IDLE_S * 1000,
    spareSlot,
    log,
  });
  const clock = () => Date.now() / 1000;
  const follower = followArchive({ db, archive, log });
  const timer = startTimer({ db, settings, clock, log });
  const close = async () => {
    // What they have begun may take its time; it ends with its process, and comes again with the next start.
    const own = Promise.all([follower.stop(), timer.stop()]);
    await Promise.race([own, sleep(CLOSE_GRACE_MS)]);
    await Promise.all([db.close(CLOSE_GRACE_MS), archive.close(CLOSE_GRACE_MS)]);
  };
  const app = createApp({
    settings,
    db,
    archive,
    clusters,
    clock,
    log,
    system: () => ({ sizing, archive: archive.status(), parent: parentStatus(), timedWork: timer.status() }),
    archiveChanged: () => follower.wake(),
    cutConnection,
    whenSent,
    clientAddress: (c) => getConnInfo(c).remote.address ?? '',
  });
  try {
    await checkArchive(root);
  } catch (error) {
    await close();
    throw error;
  }
  finishIndexes(db, log);
  follower.wake(); // what an earlier service left behind
  return { app, close };
}

/** That HOST and PORT can be listened on now. Throws BadStart. */
export async function checkAddress(settings: Settings): Promise<void> {
  await closeServer(await listen(() => new Response(), settings), 0);
}

/** Sorts are written there; SQLite would silently take another folder for one that is none. Throws BadStart. */
async function checkTempDir(folder: string): Promise<void> {
  const info = await stat(folder).catch(() => undefined);
  if (info?.isDirectory() !== true)
    throw new BadStart(`DB_TEMP_DIR ${folder} is no folder: make it, or correct the setting`);
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    throw new BadStart(`DB_TEMP_DIR ${folder} cannot be written: correct its permissions`, { cause });
  });
}

/** The file of DB_URL. */
function databasePath({ DB_URL, DB_SYNC_URL }: Settings): string {
  if (!DB_URL.startsWith('file:') || DB_SYNC_URL !== undefined) {
    throw new BadStart(
      'a libSQL server (DB_URL http:, https: or libsql:, DB_SYNC_URL) cannot be served yet: use file:',
    );
  }
  return resolve(DB_URL.slice('file:'.length).replace(/^\/\/(?=\/)/, ''));
}

function poolOptions(settings: Settings, { connection }: Sizing) {
  return {
    maxReaders: settings.DB_MAX_CONNECTIONS,
    queueLimit: settings.DB_QUEUE_LIMIT,
    maxIdleMs: settings.DB_MAX_IDLE_S * 1000,
    connection,
  };
}

function parentStatus() {
  return {
    pid: process.pid,
    rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
    ageSec: Math.round(process.uptime()),
  };
}

/** Builds what an import that was cut off owes, while we serve. */
function finishIndexes(db: Database, log: pino.Logger): void {
  buildIndexes(db, (name) => log.warn({ name }, 'building an index that an unfinished import left out')).catch(
    (error: unknown) => log.error({ err: error }, 'an index that an unfinished import left out could not be built'),
  );
}

function listen(fetch: Parameters<typeof nodeListener>[0], settings: Settings): Promise<Server> {
  const { HOST, PORT, STREAM_TIMEOUT_S, REQUEST_TIMEOUT_MS } = settings;
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_LIMIT_MS,
      connectionsCheckingInterval: 1_000, // ms; Node looks at headersTimeout only so often
      requestTimeout: 0, // the deadline bounds a slow upload
      keepAliveTimeout: KEEP_ALIVE_MS,
      requireHostHeader: false,
    },
    nodeListener(fetch, HOST.includes(':') ? `[${HOST}]` : HOST),
  );
  // Of silence on a connection: a client that has stopped reading. One that waits for its answer is silent, too.
  server.timeout = Math.max(STREAM_TIMEOUT_S * 1000, REQUEST_TIMEOUT_MS + SILENCE_BEYOND_DEADLINE_MS);
  refuseBrokenRequests(server);
  return new Promise((resolveServer, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const inUse = cause.code === 'EADDRINUSE';
      const why = inUse
        ? 'is in use: set another PORT, or stop what uses it'
        : `cannot be used (${cause.code}): HOST must be an address of this machine`;
      reject(new BadStart(`HOST ${HOST}, PORT ${PORT} ${why}`, { cause }));
    });
    server.listen(PORT, HOST, () => resolveServer(server));
  });
}

function urlOf({ HOST }: Settings, server: Server): string {
  const { port } = server.address() as AddressInfo;
  return `http://${HOST.includes(':') ? `[${HOST}]` : HOST}:${port}`;
}

/** Requests that run may end within their deadline; what then still hangs is cut. */
async function closeServer(server: Server, limitMs: number): Promise<void> {
  const closed = new Promise((done) => server.close(done));
  // close() lets go of the connections that are idle now; those that become so are kept alive for their next request.
  const idle = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_MS);
  const force = setTimeout(() => server.closeAllConnections(), limitMs);
  await closed;
  clearInterval(idle);
  clearTimeout(force);
}
