import type { Fault, FaultCode, FaultStatus } from '../faults.ts';
import type { StartupFault } from '../startup-error.ts';

/** The options with which a program opens, and its calls. All values are passed by structured clone. */
export interface Protocol {
  readonly options: unknown;
  /** The input and output of each call, by name. */
  readonly calls: object;
  /** What the program reports while it runs a call. */
  readonly step: unknown;
}

export type CallName<P extends Protocol> = keyof P['calls'] & string;
export type InputOf<P extends Protocol, Name extends CallName<P>> = P['calls'][Name] extends { input: infer Input }
  ? Input
  : never;
export type OutputOf<P extends Protocol, Name extends CallName<P>> = P['calls'][Name] extends { output: infer Output }
  ? Output
  : never;

/** From the service to a process. `id` identifies a running call. A message with another id is late. */
export type ToProcess<P extends Protocol> =
  | { readonly kind: 'open'; readonly options: P['options'] }
  | CallMessage<P>
  /** Stop the call. A write stops waiting for the lock. */
  | { readonly kind: 'interrupt'; readonly id: number }
  /** The answer to `mayCommit`. */
  | { readonly kind: 'commit'; readonly id: number; readonly allowed: boolean }
  | { readonly kind: 'ping' }
  /** Close everything and end. */
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
  /** The process serves. */
  | ({ readonly kind: 'ready' } & Opened)
  /** The process cannot start, and another try would not help: the cause is the file, not the process. */
  | { readonly kind: 'refused'; readonly problems: readonly string[]; readonly fault: StartupFault }
  | { readonly kind: 'step'; readonly id: number; readonly step: P['step'] }
  /** Sent once, before the effect of a call becomes final. */
  | { readonly kind: 'mayCommit'; readonly id: number }
  | { readonly kind: 'done'; readonly id: number; readonly output: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly fault: FaultMessage }
  /** The process should be replaced. Sent before the end of the call that has shown it. */
  | { readonly kind: 'needsReplacement' }
  /** The answer to a ping. `rssMb` is used where the system does not report the memory of other processes. */
  | { readonly kind: 'pong'; readonly rssMb: number };

/** What /api/system shows of a process. */
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
  readonly about: Fault['about'];
  /** For the log only, because it may contain SQL. */
  readonly cause: string | undefined;
}
