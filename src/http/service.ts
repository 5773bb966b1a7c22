import type { Context } from 'hono';
import type { Archive } from '../archive/port.ts';
import type { FrontendFiles } from '../cc-frontend/files.ts';
import type { Clusters } from '../clusters/clusters.ts';
import type { Gate } from '../concurrency-gate.ts';
import type { Database } from '../db/port.ts';
import type { Deadline } from '../deadline.ts';
import type { Turns } from '../event-loop-turns.ts';
import type { Fault } from '../faults.ts';
import type { User } from '../jobs/roles.ts';
import type { Log, LogEntry } from '../log.ts';
import type { Directory } from '../login-directory.ts';
import type { ParquetFiles } from '../parquet/parquet-port.ts';
import type { JobQuestions } from '../questions/ask.ts';
import type { QuestionIndex } from '../questions/index-port.ts';
import type { Partitions } from '../questions/partitions/partitions.ts';
import type { SettingValues } from '../settings.ts';
import type { MemorySample, RefusedReport, RuntimeState } from '../system-state-types.ts';
import type { Assets, AssetTexts } from './assets.ts';
import type { ComparePassword } from './auth/compare-passwords.ts';
import type { HashPassword } from './auth/new-password.ts';
import type { OidcContacts } from './auth/oidc/oidc-contacts.ts';
import type { RefusalLog } from './faults/refusal-log.ts';
import type { RefusedReports } from './jobs/refused-reports.ts';
import type { TakeApart } from './json/large-bodies.ts';
import type { BodyBudget } from './limits/body-budget.ts';
import type { UnsentBytes } from './limits/unsent-bytes.ts';
import type { ServiceMetrics } from './prometheus/prometheus-port.ts';
import type { Upstream } from './upstream/upstream.ts';

/** The parts of the service that differ between runtimes. An entry passes them to `createApp`. */
export interface Service {
  readonly settings: SettingValues;
  readonly db: Database;
  /** Answers questions about many jobs if it can. Undefined without a column index. */
  readonly index?: QuestionIndex | undefined;
  /** Undefined without a job archive: jobs then have neither statistics nor metric data. */
  readonly archive: Archive | undefined;
  readonly clusters: Clusters;
  /** Returns now in Unix seconds. Callers that need whole seconds cut the fraction. */
  readonly clock: () => number;
  readonly log: Log;
  /** The files that the pages load. */
  readonly assets: AssetTexts;
  /** The built front end of cc-backend. If undefined, its pages do not exist. */
  readonly frontend?: FrontendFiles | undefined;
  /** The newest lines of the log, oldest first, for the front end's page of the log. */
  readonly recentLog?: (() => readonly LogEntry[]) | undefined;
  /** Signs sessions. Undefined: logging in is disabled. */
  readonly sessionKey: string | undefined;
  /** Compares a password on another thread. Undefined: on this thread. */
  readonly comparePassword?: ComparePassword | undefined;
  /** The directory whose users log in with its passwords. Undefined without one. */
  readonly directory?: Directory | undefined;
  /** Hashes a password on another thread. Undefined: on this thread. */
  readonly hashPassword?: HashPassword | undefined;
  /** Returns what GET /api/system adds to the settings and the state of the database. */
  readonly system: () => RuntimeState;
  /** Problems for the operator that DatabaseStatus.degraded does not have; for /healthz. */
  readonly degraded?: (() => readonly string[]) | undefined;
  /** The metrics of Prometheus. Undefined if they are not served. */
  readonly metrics?: ServiceMetrics | undefined;
  /** The memory of the last minutes, oldest sample first. Undefined without processes. */
  readonly memoryHistory?: (() => readonly MemorySample[]) | undefined;
  /** True if the service compresses answers. The runtime of a Worker already compresses them. */
  readonly compresses: boolean;
  /**
   * True if the end of every request is reported. False if the runtime may drop a request silently, as that of a Worker
   * does when a client hangs up. Its share of a limit is then returned after a while without activity.
   */
  readonly hasSharedLimits: boolean;
  /** Writes Parquet files. Undefined if the service cannot. */
  readonly parquet?: ParquetFiles | undefined;
  /** Parses large bodies on another thread. Undefined without one: bodies may then have fewer values. */
  readonly takeApart?: TakeApart | undefined;
  /** The turns of the thread for long work of all requests. Undefined: each request has its own. */
  readonly turns?: Turns | undefined;
  /** Keeps the runtime from ending work that continues after an answer. Undefined if the runtime never does. */
  readonly waitUntil?: (c: Context, work: Promise<unknown>) => void;
  /**
   * Resolves when the answer has left this process or its client has gone. Undefined if the runtime does not report it.
   */
  readonly whenSent?: ((c: Context) => Promise<void>) | undefined;
  /** Called when the sender of a request has been identified. */
  readonly identified?: ((c: Context) => void) | undefined;
  /** Called when the files of the archive have to follow a change. The result is only logged. */
  readonly archiveChanged?: (() => void) | undefined;
  /** Returns the address of the peer as reported by the runtime: of the socket, or CF-Connecting-IP. '' if unknown. */
  readonly clientAddress: (c: Context) => string;
  /** The time of `performance.now()` at which a request arrived that had to wait for the app. Undefined for others. */
  readonly arrivedAt?: ((c: Context) => number | undefined) | undefined;
  /**
   * Destroys the connection of an answer that cannot be completed. If absent, the stream of the body fails, and a
   * runtime that streams then destroys the connection.
   */
  readonly cutConnection?: ((c: Context) => void) | undefined;
  /**
   * Returns a function that adds fields after the body of a streamed answer, to be called before the end of the body.
   * Undefined if the answer cannot have trailers. The answer names them in `Trailer`.
   */
  readonly trailers?: ((c: Context) => AddTrailers | undefined) | undefined;
}

export type AddTrailers = (fields: Readonly<Record<string, string>>) => void;

/** The end of a streamed answer: `cut` is a failure of the service, `gone` means that the client left. */
export interface StreamEnd {
  outcome: 'complete' | 'cut' | 'gone';
  rows: number;
}

/** The variables of a request for its handler. */
export interface AppEnv {
  Variables: {
    service: Service;
    db: Database;
    jobs: JobQuestions;
    partitions: Partitions;
    deadline: Deadline;
    user: User;
    log: Log;
    requestId: string;
    bodies: BodyBudget;
    graphqlGate: Gate;
    held: UnsentBytes;
    assets: Assets;
    refusals: RefusalLog;
    refusedReports: RefusedReports;
    /** Undefined without GRAPHQL_UPSTREAM. */
    upstream: Upstream | undefined;
    /** Undefined without OIDC_PROVIDER. */
    oidcContacts: OidcContacts | undefined;
    /** The job of a start or a stop. */
    reportedJob: Pick<RefusedReport, 'jobId' | 'cluster' | 'id'> | undefined;
    /** True if a refused request is logged. */
    isLogged: boolean | undefined;
    /** The completed part of the work of a request. If the request fails later, the body of the error contains it. */
    done: Readonly<Record<string, number>> | undefined;
    /** Makes the body of an error where it is not the usual one. */
    faultBody: ((fault: Fault) => string) | undefined;
    /** The fault in the answer, for the access log. */
    fault: Fault | undefined;
    /**
     * True if the caller was answered before the handler ended. Errors that the handler throws later are not answered.
     */
    givenUp: boolean | undefined;
    /** True if the answer lacks data because there is no job archive. */
    lacksArchive: boolean | undefined;
    /** Set by a streamed answer. Settles when the stream has ended. */
    streamed: Promise<StreamEnd> | undefined;
  };
}
