import { Fault } from '../faults.ts';
import type { FaultMessage } from './protocol.ts';

/** Converts any error to a message for the parent. */
export function faultToMessage(error: unknown): FaultMessage {
  const fault =
    error instanceof Fault ? error : new Fault('internal', 'the connection process failed', { cause: error });
  const { cause, about } = fault;
  const text =
    cause instanceof Error ? (cause.stack ?? cause.message) : cause === undefined ? undefined : String(cause);
  return { code: fault.code, message: fault.message, status: fault.status, about, cause: text };
}

/** Restores the fault that a process reported. */
export function faultFromMessage({ code, message, status, about, cause }: FaultMessage): Fault {
  return new Fault(code, message, { status, about, ...(cause === undefined ? {} : { cause: new Error(cause) }) });
}
