import type { ArchiveAnswer, ArchiveRequest } from '../archive/requests.ts';
import type { NewIndexOptions } from '../column-index/build/new-index.ts';
import type { IndexSessionOptions } from '../column-index/session.ts';
import type { ConnectionOptions } from '../db/driver/pragmas.ts';
import type { Maintenance } from '../db/maintenance.ts';
import type { ReplicaOptions, Synced } from '../db/replica/open-replica.ts';
import type { SqlValue } from '../db/statement.ts';
import type { WriteName } from '../db/writes/index.ts';
import type { FaultCode, FaultStatus } from '../faults.ts';
import type { Question } from '../questions/question.ts';
import type { StartupFault } from '../startup-error.ts';

/**
 * Every message between the service and one of its processes; they travel by structured clone. `id` is the request's: a
 * process works on one at a time, and a message with another id is late and means nothing any more.
 */
export type ToProcess =
  | { kind: 'open'; id: 0; options: ConnectionOptions }
  | { kind: 'openArchive'; id: 0; root: string }
  | { kind: 'openBodies'; id: 0 }
  | { kind: 'openReplica'; id: 0; options: ReplicaOptions }
  | { kind: 'openColumns'; id: 0; options: IndexSessionOptions }
  | { kind: 'openBuilder'; id: 0; options: NewIndexOptions }
  | { kind: 'query'; id: number; name?: string; sql: string; parameters: readonly SqlValue[] }
  | { kind: 'write'; id: number; name: WriteName; input: unknown }
  | { kind: 'maintain'; id: number; task: Maintenance }
  | { kind: 'archive'; id: number; request: ArchiveRequest }
  | { kind: 'takeApart'; id: number; body: BodyInBytes }
  | { kind: 'sync'; id: number }
  /** Build the column index anew. */
  | { kind: 'buildColumns'; id: number }
  /** Bring the column index up to date, if there is one that can be. */
  | { kind: 'followColumns'; id: number }
  | { kind: 'askColumns'; id: number; question: Question }
  /** Stop the query; of a write: stop waiting for the lock. */
  | { kind: 'interrupt'; id: number }
  /** The answer to `mayCommit`. */
  | { kind: 'commit'; id: number; allowed: boolean }
  | { kind: 'ping'; id: 0 }
  /** Close the database and end. */
  | { kind: 'stop'; id: 0 };

/** A request body, and by what name its schema is found. */
export interface BodyInBytes {
  name: string;
  bytes: Uint8Array;
  limits: { values: number; depth: number };
}

export type FromProcess =
  /** It serves; `sqlite` is the version of its SQLite, where it has one. */
  | { kind: 'ready'; id: 0; pragmas: Readonly<Record<string, string | number>>; sqlite?: string }
  /** It cannot start, whoever tries again: the file, not the process, is the reason. */
  | { kind: 'refused'; id: 0; problems: readonly string[]; fault: StartupFault }
  | { kind: 'answer'; id: number; json: Uint8Array; rows?: number; more?: Uint8Array }
  | { kind: 'archived'; id: number; answer: ArchiveAnswer }
  | { kind: 'takenApart'; id: number; value: unknown }
  | ({ kind: 'synced'; id: number } & Synced)
  /** The index is complete, with so many jobs. */
  | { kind: 'built'; id: number; rows: number }
  /** The index cannot answer: it has to be built again, or the data is none for it. */
  | { kind: 'declined'; id: number; why: 'stale' | 'unsuitable'; reason: string }
  /** Jobs that a build has taken over so far. */
  | { kind: 'progress'; id: 0; rows: number }
  /** A piece of an answer that is too large for one message; they come in order, before the reply. */
  | { kind: 'part'; id: number; bytes: Uint8Array }
  /** Somebody else holds the lock the write needs. */
  | { kind: 'locked'; id: number }
  /** The write holds the lock. */
  | { kind: 'began'; id: number }
  | { kind: 'mayCommit'; id: number }
  | { kind: 'written'; id: number; output: unknown }
  | { kind: 'failed'; id: number; fault: FaultMessage }
  /** It should be replaced: after an error, or because of what it has gathered. Sent before the reply that shows it. */
  | { kind: 'worn'; id: 0 }
  /** The heartbeat; `rssMb` where the system does not tell it about other processes. */
  | { kind: 'pong'; id: 0; rssMb: number };

export interface FaultMessage {
  code: FaultCode;
  message: string;
  status: FaultStatus;
  /** For the log alone: may hold SQL. */
  cause: string | undefined;
}
