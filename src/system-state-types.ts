/**
 * The state of the service, as shown by GET /api/system and the page /system. Each part is provided where it is known,
 * without a query. This file declares only types.
 */
import type { FaultCode } from './faults.ts';
import type { SettingName } from './settings.ts';
import type { Settings } from './settings-by-deployment.ts';

export interface SystemState extends RuntimeState {
  /** The effective values. For a secret only whether it is set. */
  readonly settings: Readonly<Record<SettingName, unknown>>;
  /** What the operator must check although requests are answered, as in /healthz. */
  readonly degraded: readonly string[];
  readonly database: DatabaseStatus;
  readonly refusedReports: RefusedReportsStatus;
  /** Only with GRAPHQL_UPSTREAM. */
  readonly upstream?: UpstreamStatus | undefined;
  /** Only with OIDC_PROVIDER or LDAP_URL. */
  readonly signOn?: SignOnStatus | undefined;
}

/** The systems that check logins in place of cc-jobs. */
export interface SignOnStatus {
  /** Only with OIDC_PROVIDER. */
  readonly oidc?: OidcStatus;
  /** Only with LDAP_URL. */
  readonly ldap?: DirectoryStatus & { readonly lastSync?: TimedWorkStatus | undefined };
}

export interface OidcStatus {
  /** The host of the issuer. */
  readonly issuer: string;
  /** The endpoints and algorithms of the provider, which are read again when they are older than five minutes. */
  readonly discovery: ContactStatus;
  /** The keys of the provider, which are read for each login. */
  readonly keys: ContactStatus;
}

export interface DirectoryStatus {
  /** The host of LDAP_URL, and the port if it is not the usual one. */
  readonly server: string;
  readonly encryption: 'TLS' | 'StartTLS' | 'none';
  readonly contact: ContactStatus;
}

/** A system that is asked over the network, since the start of this process. */
export interface ContactStatus {
  /** Unix seconds. */
  readonly lastOkAt?: number;
  readonly lastFailure?: { readonly at: number; readonly reason: string };
}

/** The cc-backend of GRAPHQL_UPSTREAM. The counts are since the start. */
export interface UpstreamStatus {
  url: string;
  state: 'not asked yet' | 'up' | 'down';
  /** Why it is left alone. */
  reason?: string;
  retryInSec?: number;
  asked: number;
  answered: number;
  /** Questions without an answer, those that were not asked because of a limit included. */
  failed: number;
}

/** Starts and stops of jobs that this process has refused. */
export interface RefusedReportsStatus {
  starts: number;
  stops: number;
  /** Starts and stops of jobs that had been started or stopped before. They are not counted above. */
  repeated: number;
  /** The newest first; without repeated ones. */
  last: readonly RefusedReport[];
}

export interface RefusedReport {
  /** Unix seconds. */
  at: number;
  kind: 'start' | 'stop';
  /** The job that the request names, as far as it could be read. A request by database id only has `id`. */
  jobId?: string;
  cluster?: string;
  id?: string;
  code: FaultCode;
  reason: string;
}

/** The parts that differ between runtimes. A Worker has neither processes nor a memory limit of its own. */
export interface RuntimeState extends Pick<Settings, 'sources' | 'notApplied'> {
  readonly runtime?: 'worker';
  readonly sizing?: Sizing;
  readonly archive?: ProcessesStatus;
  readonly bodies?: ProcessesStatus;
  /** The processes that write Parquet files for requests. */
  readonly parquet?: ProcessesStatus;
  readonly parent?: ParentStatus;
  /** As of the last check of the timetable. */
  readonly timedWork?: readonly TimedWorkStatus[];
  /** Undefined if nothing has been reloaded since the start. */
  readonly lastReload?: ReloadStatus | undefined;
}

/** The last time that settings and clusters were read again. */
export interface ReloadStatus {
  /** Unix seconds. */
  at: number;
  /** True if something was not valid. Then nothing changed. */
  isRefused: boolean;
  /** The settings with a new value, and `clusters`. */
  changed: readonly string[];
  /** The settings whose new value counts after a restart. */
  restartFor: readonly string[];
  /** Why it was refused. */
  problems: readonly string[];
}

/** Processes that do one kind of work, and their event counts since the start. */
export interface ProcessesStatus {
  processes: ProcessStatus[];
  counters: Readonly<Record<string, number>>;
}

type DatabaseRole = 'reader' | 'writer' | 'syncer' | 'columns' | 'builder';

export interface ProcessStatus {
  pid: number;
  role: DatabaseRole | 'archive' | 'decoder' | 'upkeep' | 'bodies' | 'parquet';
  state: string;
  /** The current task of a busy process: the name of its statement or write, and its duration so far. */
  doing?: { name: string; ms: number };
  rssMb: number;
  ageSec: number;
  queries: number;
  /** The pragmas of the connection, read back after they were set. */
  pragmas: Readonly<Record<string, string | number>>;
  /** The version of its SQLite, if it has one. */
  sqlite?: string;
}

export interface DatabaseStatus extends ProcessesStatus {
  /** False if no process has responded for a second, or for the reason that follows. */
  alive: boolean;
  /** For the caller of /healthz: no secrets, no paths. */
  notAliveBecause?: string | undefined;
  /**
   * Problems for operators although requests are answered. No secrets, no paths. Empty or missing if there are none.
   */
  degraded?: readonly string[];
  queued: number;
  /** Size of the write-ahead log of a local file in bytes. */
  logBytes?: number;
  /** Only for a replica. */
  replica?: ReplicaStatus;
  /** Only for a libSQL server. */
  server?: ServerStatus;
  /** Only for a local file with a column index, or with one that was configured but is off. */
  columns?: ColumnIndexStatus | { state: 'off'; reason: string };
}

/** State reported by a libSQL server. */
export interface ServerStatus {
  pragmas?: Readonly<Record<string, number>>;
}

/** The progress of a replica. */
export interface SyncStatus {
  /** Milliseconds since the start of the last successful sync. The replica has everything written before it. */
  lagMs: number;
  /** The newest frame of the server's log in the local file. */
  frame: number | undefined;
  intervalMs: number;
  syncs: number;
  failures: number;
  /** The reason why the last sync failed. Undefined if it succeeded. */
  failing: string | undefined;
}

export interface ReplicaStatus extends SyncStatus {
  server: ServerStatus & Pick<DatabaseStatus, 'alive' | 'counters'>;
}

export interface ColumnIndexStatus {
  state: 'building' | 'ready' | 'stale' | 'unsuitable';
  reason?: string;
  /** Seconds until the next try. */
  retryInSec?: number;
  /** The jobs read so far, or those of a ready index after the last question: it follows the database when it is asked. */
  rows?: number;
  /** Jobs that the index does not hold. The SQL answers questions that match one of them. */
  odd?: { readonly jobs: number; readonly ids: readonly string[]; readonly reason: string };
  /** The summaries that are not kept, with the reason. */
  summariesLeftOut?: Readonly<Record<string, string>>;
  queued: number;
  /** Counts and lists that took too long for their lane. */
  moved: number;
  lanes: Readonly<Record<'quick' | 'lists' | 'slow', { readonly queued: number; readonly waitMs: WaitTimesMs }>>;
  answers: number;
  /** Questions that the SQL had to answer although the index was ready. */
  declined: number;
  builds: number;
  counters: Readonly<Record<string, number>>;
}

/** How long the last 1,000 questions waited before they were begun. */
export interface WaitTimesMs {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** The process that answers all requests. */
export interface ParentStatus {
  pid: number;
  rssMb: number;
  ageSec: number;
  eventLoopLagMs: LoopLag;
  connections: ConnectionsStatus;
}

/** The delay of the event loop in ms. A request waits this long for the thread that answers all requests. */
export interface LoopLag {
  p50: number;
  p99: number;
  max: number;
}

/** Client connections. */
export interface ConnectionsStatus {
  open: number;
  /** The limit, derived from the limit of open files. */
  most: number;
  /** Connections closed to make room: without a request yet, or idle between two requests. */
  closedEarly: number;
  /** Connections refused because all others were busy. */
  refused: number;
}

/** The last start and end of a timed task (Unix seconds) by any service on this file, and its result. */
export interface TimedWorkStatus {
  name: string;
  beganAt: number;
  endedAt: number | null;
  result: unknown;
}

/**
 * MB of all processes at one time. Shared memory counts for the parent, and so does the process that decodes large
 * bodies.
 */
export interface MemorySample {
  /** Unix seconds. */
  at: number;
  parent: number;
  connections: number;
  archive: number;
  columns: number;
}

/** The resources of the machine, or of the control group of the service. */
export interface Machine {
  memoryMb: number;
  /** The source of the number, as text for people. */
  source: string;
}

/** How the service divides its memory, in MB. The parts add up to at most `limitMb`. */
export interface Sizing {
  limitMb: number;
  machine: Machine;
  /** The parent: the HTTP side with request bodies, and the process that decodes large ones. */
  parentMb: number;
  /** The part of `parentMb` for that process. */
  bodiesMb: number;
  /** The processes of the archive. */
  archiveMb: number;
  /** The process of the column index. 0 without one. */
  columnsMb: number;
  /** The processes that write Parquet files. 0 without a column index. */
  parquetMb: number;
  /** Readers, the writer, and a spare one for a replacement. */
  processes: number;
  /** The memory of each of these processes. */
  connection: ConnectionSizing;
  /** Hints about the chosen settings for the operator. */
  notes: string[];
}

/** The memory of one connection process in MB. */
export interface ConnectionSizing {
  cacheMb: number;
  softHeapMb: number;
  hardHeapMb: number;
  /** Its own memory at rest. Memory shared between processes (the program text, 50 MB) counts once, for the parent. */
  baseMb: number;
  /** Growth of the RSS above its resting level: the hard heap limit and the copies of a response in transit. */
  growthMb: number;
}
