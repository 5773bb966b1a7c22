import { Fault } from '../faults.ts';
import type { FaultMessage } from './protocol.ts';

/** Any error as a message to the service. */
export function faultToMessage(error: unknown): FaultMessage {
  const fault =
    error instanceof Fault ? error : new Fault('internal', 'the connection process failed', { cause: error });
  const { cause } = fault;
  const text =
    cause instanceof Error ? (cause.stack ?? cause.message) : cause === undefined ? undefined : String(cause);
  return { code: fault.code, message: fault.message, status: fault.status, cause: text };
}

/** The fault a process reported. */
export function faultFromMessage({ code, message, status, cause }: FaultMessage): Fault {
  return new Fault(code, message, { status, ...(cause === undefined ? {} : { cause: new Error(cause) }) });
}
