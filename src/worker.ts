/** Entry of the service as a Worker. Bindings -> settings -> remote database -> app. */
import type { Context, ExecutionContext } from 'hono';
import { createApp } from './app.ts';
import type { Clusters } from './clusters/clusters.ts';
import type { Database } from './db/port.ts';
import { readPublished } from './db/published-clusters.ts';
import { openRemote } from './db/remote/open-remote.ts';
import { SCHEMA_VERSION } from './db/schema/schema-version.ts';
import { schemaVersion } from './db/statements/stored-schema-version.ts';
import { type Deadline, within } from './deadline.ts';
import { Fault } from './faults.ts';
import type { Log } from './log.ts';
import type { SettingValues } from './settings.ts';
import { settingsInWorker } from './settings-by-deployment.ts';
import { StartupError } from './startup-error.ts';
import { runTimedWork } from './timed/run-timed-work.ts';
import { bundledAssets } from './worker/bundled-assets.ts';
import { consoleLog } from './worker/console-log.ts';

/** The bindings of wrangler.toml and .dev.vars: texts, and any other bindings of the deployment. */
type Env = Readonly<Record<string, unknown>>;

/** The part of the runtime's interface that is used here. */
interface Handlers {
  fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response>;
  scheduled(event: unknown, env: Env): Promise<void>;
}

/** How long the clusters read from the database are used before they are read again. */
const CLUSTERS_FRESH_MS = 60_000;
const CLUSTERS_LIMIT_MS = 5_000;

interface Running {
  app: ReturnType<typeof createApp>;
  settings: SettingValues;
  db: Database;
  log: Log;
  clusters: KnownClusters;
}

/** An isolate serves many requests with the same bindings. */
let running: { env: Env; parts: Running } | undefined;

const worker: Handlers = {
  async fetch(request, env, context) {
    const parts = partsOf(env);
    if (parts instanceof StartupError) return refusal(parts);
    if (!isOpen(request)) await parts.clusters.refresh((work) => context.waitUntil(work));
    return await parts.app.fetch(request, env, context);
  },

  /** Timed work, started by the cron of wrangler.toml. Of several Workers and services on a database, one does it. */
  async scheduled(_, env) {
    const parts = partsOf(env);
    if (parts instanceof StartupError) return;
    const { db, settings, log } = parts;
    await runTimedWork({ db, settings, clock, log });
  },
};
export default worker;

function partsOf(env: Env): Running | StartupError {
  if (running?.env === env) return running.parts;
  try {
    running = { env, parts: start(env) };
    return running.parts;
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    consoleLog('info').error({ problems: error.problems }, 'invalid settings');
    return error;
  }
}

function start(env: Env): Running {
  const bindings = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, asText(value)]));
  const { values: settings, sources, notApplied } = settingsInWorker(bindings);
  const log = consoleLog(settings.LOG_LEVEL);
  if (notApplied.length > 0) {
    log.warn({ settings: notApplied }, 'settings ignored by this deployment: see docs/settings.md');
  }
  const { DB_URL: url, DB_AUTH_TOKEN: authToken } = settings;
  const db = openRemote({ url, authToken, mostAtOnce: Number.POSITIVE_INFINITY, heartbeat: false, log });
  const clusters = new KnownClusters(db, log, Math.min(CLUSTERS_LIMIT_MS, settings.REQUEST_TIMEOUT_MS));
  const app = createApp({
    settings,
    db,
    archive: undefined,
    get clusters() {
      return clusters.now;
    },
    clock,
    log,
    assets: bundledAssets,
    sessionKey: settings.SESSION_KEY,
    compresses: false,
    hasSharedLimits: false,
    waitUntil: (c: Context, work) => c.executionCtx.waitUntil(work),
    system: () => ({ runtime: 'worker', notApplied, sources }),
    clientAddress: (c: Context) => c.req.header('CF-Connecting-IP') ?? '',
  });
  return { app, settings, db, log, clusters };
}

/** A number or a boolean of wrangler.toml as text: true is `on`. */
function asText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return String(value);
}

/** The cluster configuration, which a service on Node has stored in the database. */
class KnownClusters {
  readonly #db: Database;
  readonly #log: Log;
  #known: Clusters | undefined;
  #why: Fault | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  readonly #limitMs: number;

  constructor(db: Database, log: Log, limitMs: number) {
    this.#db = db;
    this.#log = log;
    this.#limitMs = limitMs;
  }

  /** Throws a Fault until the clusters have been read. Before that it is unknown whether a cluster exists. */
  get now(): Clusters {
    if (this.#known !== undefined) return this.#known;
    throw this.#why ?? new Fault('remote_unavailable', 'the cluster configuration has not been read yet');
  }

  /** Rereads clusters that may have changed: after the response, or before it if none are known yet. Never throws. */
  async refresh(waitUntil: (work: Promise<void>) => void): Promise<void> {
    if (performance.now() - this.#readAt < CLUSTERS_FRESH_MS && this.#known !== undefined) return;
    this.#readAt = performance.now();
    if (this.#known === undefined) await this.#read();
    else waitUntil(this.#read());
  }

  async #read(): Promise<void> {
    try {
      if (this.#known === undefined) await within(this.#limitMs, (deadline) => checkSchema(this.#db, deadline));
      this.#known = await within(this.#limitMs, (deadline) => readPublished(this.#db, deadline));
    } catch (error) {
      this.#why =
        error instanceof Fault
          ? error
          : new Fault('internal', 'the cluster configuration is invalid', { cause: error });
      this.#log.warn({ err: error }, 'the cluster configuration could not be read from the database');
    }
  }
}

/** A Worker cannot refuse to start, so the first request checks the schema. Throws `remote_unavailable`. */
async function checkSchema(db: Database, deadline: Deadline): Promise<void> {
  const [row] = await db.read(schemaVersion(), deadline);
  if (row?.version === SCHEMA_VERSION && !row.dirty) return;
  throw new Fault('remote_unavailable', `the libSQL server has no job database of schema version ${SCHEMA_VERSION}`);
}

/** Paths that need no database. */
function isOpen({ url }: Request): boolean {
  const { pathname } = new URL(url);
  return pathname === '/healthz' || pathname === '/openapi.json' || pathname.startsWith('/assets/');
}

/** Until the bindings are valid, every request gets this response. The problems are only logged. */
function refusal({ problems }: StartupError): Response {
  const error = `the service is not configured: ${problems.length} invalid settings, see its log`;
  return Response.json({ status: 'Internal Server Error', error, code: 'internal' }, { status: 500 });
}

function clock(): number {
  return Date.now() / 1000;
}
