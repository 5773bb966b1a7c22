import type { ArchiveUpkeep } from '../archive/upkeep-port.ts';
import type { Database } from '../db/port.ts';
import type { Deadline } from '../deadline.ts';
import type { Directory } from '../login-directory.ts';
import type { SettingValues } from '../settings.ts';

export interface TimedContext {
  db: Database;
  settings: SettingValues;
  /** Undefined without LDAP_URL, and in a Worker. */
  directory: Directory | undefined;
  /** Undefined in a Worker. */
  archive: ArchiveUpkeep | undefined;
  log: { warn(fields: object, message: string): void };
  /** Fires when the service stops. Work that takes seconds ends then, and continues at its next time. */
  signal: AbortSignal | undefined;
  /** Unix seconds. */
  nowSec: number;
  /** Runs one small transaction within a time limit. */
  step<Result>(run: (deadline: Deadline) => Promise<Result>): Promise<Result>;
}

/** A piece of timed work. */
export interface TimedTask {
  name: string;
  /** Seconds between two runs, or `off`. */
  everySec(settings: SettingValues): number | 'off';
  /** It changes or deletes data by its age and cannot undo this. It is delayed after a jump of the clock. */
  trustsClock?: true;
  /** Runs the piece in small transactions and returns its results for the log. */
  run(context: TimedContext): Promise<Readonly<Record<string, unknown>>>;
}
