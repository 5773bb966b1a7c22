import { describeError } from '../db/startup-errors.ts';
import { Fault } from '../faults.ts';
import { StartupError } from '../startup-error.ts';
import { UsageError } from './command.ts';

export interface Explained {
  readonly exitCode: 1 | 2;
  /** For programs: a code of a fault (src/faults.ts), or one of these three. */
  readonly code: string;
  /** For people: what to do about each. */
  readonly problems: readonly string[];
  /** Only for a bug in cc-jobs. */
  readonly trace?: string;
}

/** Explains the error with which a command ended. An error of the environment needs no stack trace. */
export function explained(error: unknown): Explained {
  if (error instanceof StartupError) return { exitCode: 2, code: 'refused', problems: error.problems };
  if (error instanceof UsageError) return { exitCode: 2, code: 'invalid_command_line', problems: [error.message] };
  if (error instanceof Fault && error.code !== 'internal') {
    return { exitCode: 1, code: error.code, problems: [error.message] };
  }
  const words = describeError(error);
  if (words !== undefined) return { exitCode: 1, code: 'failed', problems: [words] };
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
  return { exitCode: 1, code: 'internal', problems: [message], trace: stack };
}
