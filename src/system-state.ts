/**
 * What the service says of itself: the answer of GET /api/system and the page /system. Each part is made where it is known, without a
 * query; only types are declared here.
 */
import type { SettingName, Settings } from './settings.ts';

export interface SystemState extends RuntimeState {
  /** The values in force; of a secret only that it is set. */
  readonly settings: Readonly<Record<SettingName, unknown>>;
  readonly database: DatabaseStatus;
}

/** The part that differs between the runtimes: a Worker has neither processes nor a memory limit of its own. */
export interface RuntimeState extends Pick<Settings, 'sources' | 'notApplied'> {
  readonly runtime?: 'worker';
  readonly sizing?: Sizing;
  readonly archive?: ProcessesStatus;
  readonly bodies?: ProcessesStatus;
  readonly parent?: ParentStatus;
  /** As of the last look at the timetable. */
  readonly timedWork?: readonly TimedWorkStatus[];
}

/** Processes that do one kind of work, and what has happened to them since the start. */
export interface ProcessesStatus {
  processes: ProcessStatus[];
  counters: Readonly<Record<string, number>>;
}

export interface ProcessStatus {
  pid: number;
  role: 'reader' | 'writer' | 'archive' | 'decoder' | 'bodies' | 'syncer' | 'columns' | 'builder';
  state: string;
  /** Of one that is busy: the name of its statement or write, and for how long. */
  doing?: { name: string; ms: number };
  rssMb: number;
  ageSec: number;
  queries: number;
  /** The bootstrap as it was read back. */
  pragmas: Readonly<Record<string, string | number>>;
  /** The version of its SQLite, where it has one. */
  sqlite?: string;
}

export interface DatabaseStatus extends ProcessesStatus {
  /** False when nothing has answered for a second. */
  alive: boolean;
  /** What is wrong although requests are answered, for operators: it must name no secret and no path. Empty or left out: nothing. */
  degraded?: readonly string[];
  queued: number;
  /** Bytes of the write-ahead log of a local file. */
  logBytes?: number;
  /** Of a replica. */
  replica?: ReplicaStatus;
  /** Of a libSQL server. */
  server?: ServerStatus;
  /** Of a local file with a column index, or where one was asked for. */
  columns?: ColumnIndexStatus | { state: 'off'; reason: string };
}

/** What a libSQL server says of itself. */
export interface ServerStatus {
  pragmas?: Readonly<Record<string, number>>;
}

/** How far a replica is. */
export interface SyncStatus {
  /** Milliseconds since the last sync that succeeded began: what was written before is there. */
  lagMs: number;
  /** The newest frame of the server's log that the file has. */
  frame: number | undefined;
  intervalMs: number;
  syncs: number;
  failures: number;
  /** Why the last sync failed; undefined when it did not. */
  failing: string | undefined;
}

export interface ReplicaStatus extends SyncStatus {
  server: ServerStatus & Pick<DatabaseStatus, 'alive' | 'counters'>;
}

export interface ColumnIndexStatus {
  state: 'building' | 'ready' | 'stale' | 'unsuitable';
  reason?: string;
  /** Until it is tried again. */
  retryInSec?: number;
  rows?: number;
  /** Jobs that the index does not hold. Questions that match one of them are answered by the SQL. */
  odd?: { readonly jobs: number; readonly ids: readonly string[]; readonly reason: string };
  queued: number;
  answers: number;
  /** Questions that the SQL had to answer although the index was ready. */
  declined: number;
  builds: number;
  counters: Readonly<Record<string, number>>;
}

/** The process that answers all requests. */
export interface ParentStatus {
  pid: number;
  rssMb: number;
  ageSec: number;
  eventLoopLagMs: LoopLag;
  connections: ConnectionsStatus;
}

/** How late the event loop is, in ms: so long a request waits for the thread that answers all of them. */
export interface LoopLag {
  p50: number;
  p99: number;
  max: number;
}

/** Connections of clients. */
export interface ConnectionsStatus {
  open: number;
  /** At most; from the limit of open files. */
  most: number;
  /** Closed to make room: those that had sent no request, and those that waited for their next one. */
  closedEarly: number;
  /** Refused: every other was at work. */
  refused: number;
}

/** When a piece of timed work last began and ended (Unix seconds), by any service on this file, and what came of it. */
export interface TimedWorkStatus {
  name: string;
  beganAt: number;
  endedAt: number | null;
  result: unknown;
}

/**
 * MB of all processes at one time, by what they do; each counts its own, and what they share counts with the parent, as does the process
 * that takes large bodies apart.
 */
export interface MemorySample {
  /** Unix seconds. */
  at: number;
  parent: number;
  connections: number;
  archive: number;
  columns: number;
}

/** What a machine, or the control group the service runs in, has. */
export interface Machine {
  memoryMb: number;
  /** Where the number comes from, for people. */
  source: string;
}

/** How the memory of the service is divided, MB. The parts add up to at most `limitMb`. */
export interface Sizing {
  limitMb: number;
  machine: Machine;
  /** The parent: the HTTP side, request bodies included, with the process that takes large ones apart. */
  parentMb: number;
  /** Of it that process. */
  bodiesMb: number;
  /** The two processes of the archive. */
  archiveMb: number;
  /** The process of the column index; 0 without one. */
  columnsMb: number;
  /** Readers, the writer, and one spare while one is replaced. */
  processes: number;
  /** Of each of them. */
  connection: ConnectionSizing;
  /** What the operator should know about his choice. */
  notes: string[];
}

/** One connection process, MB. */
export interface ConnectionSizing {
  cacheMb: number;
  softHeapMb: number;
  hardHeapMb: number;
  /** Its own memory at rest: what it shares with the others (the program text, 50 MB) is counted once, in the parent. */
  baseMb: number;
  /** What its RSS may grow by above its resting level: the hard heap limit and the copies of an answer on its way. */
  growthMb: number;
}
