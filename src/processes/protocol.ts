import type { Fault, FaultCode, FaultStatus } from '../faults.ts';
import type { StartupFault } from '../startup-error.ts';

/**
 * What the program of a process is opened with, and what it can be asked. Each program has one of its own. All values cross by structured
 * clone.
 */
export interface Protocol {
  readonly options: unknown;
  /** By name: what goes in, and what comes out. */
  readonly calls: object;
  /** What the program reports while it works on a call. */
  readonly step: unknown;
}

export type CallName<P extends Protocol> = keyof P['calls'] & string;
export type InputOf<P extends Protocol, Name extends CallName<P>> = P['calls'][Name] extends { input: infer Input }
  ? Input
  : never;
export type OutputOf<P extends Protocol, Name extends CallName<P>> = P['calls'][Name] extends { output: infer Output }
  ? Output
  : never;

/** From the service to a process. `id` is that of a call: a process works on one at a time, and a message with another id is late. */
export type ToProcess<P extends Protocol> =
  | { readonly kind: 'open'; readonly options: P['options'] }
  | CallMessage<P>
  /** Stop the call; of a write: stop waiting for the lock. */
  | { readonly kind: 'interrupt'; readonly id: number }
  /** The answer to `mayCommit`. */
  | { readonly kind: 'commit'; readonly id: number; readonly allowed: boolean }
  | { readonly kind: 'ping' }
  /** Close what is open, and end. */
  | { readonly kind: 'stop' };

export type CallMessage<P extends Protocol> = {
  [Name in CallName<P>]: {
    readonly kind: 'call';
    readonly id: number;
    readonly name: Name;
    readonly input: InputOf<P, Name>;
  };
}[CallName<P>];

/** From a process to the service. */
export type FromProcess<P extends Protocol> =
  /** It serves. */
  | ({ readonly kind: 'ready' } & Opened)
  /** It cannot start, however often it is tried: the reason is the file, not the process. */
  | { readonly kind: 'refused'; readonly problems: readonly string[]; readonly fault: StartupFault }
  | { readonly kind: 'step'; readonly id: number; readonly step: P['step'] }
  /** Asked once, before the effect of a call becomes final. */
  | { readonly kind: 'mayCommit'; readonly id: number }
  | { readonly kind: 'done'; readonly id: number; readonly output: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly fault: FaultMessage }
  /** It should be replaced. Sent before the end of the call that shows it. */
  | { readonly kind: 'worn' }
  /** The heartbeat. MB; used where the system does not report the memory of other processes. */
  | { readonly kind: 'pong'; readonly rssMb: number };

/** What a process shows of itself in /api/system. */
export interface Opened {
  /** Settings as they were read back. */
  readonly pragmas: Readonly<Record<string, string | number>>;
  /** The version of its SQLite, if it has one. */
  readonly sqlite?: string;
}

export interface FaultMessage {
  readonly code: FaultCode;
  readonly message: Fault['message'];
  readonly status: FaultStatus;
  /** For the log alone: may hold SQL. */
  readonly cause: string | undefined;
}
