import type { Environment } from '../settings.ts';

/** What a command may touch of the world outside, passed in by the entry. */
export interface CommandIo extends Environment {
  /** Data goes here, */
  stdout: NodeJS.WritableStream & { isTTY?: boolean };
  /** everything else here. */
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  /** What a command asks for comes from here. */
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  /** Fires at the first SIGINT or SIGTERM: stop in order. The entry ends the process at the second. */
  signal: AbortSignal;
}

/** One command of bin/cc-jobs, a file in this folder. */
export interface Command {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** What `cc-jobs NAME --help` prints: arguments and options with their units and defaults. */
  usage: string;
  /** Set where a service on the same file comes first: the command runs at low priority. */
  isBackground?: true;
  /** Returns the exit code: 0 done, 1 failed, 2 startup refused. May throw StartupError and UsageError (both 2). */
  run(args: string[], io: CommandIo): Promise<number>;
}

/** For a command that takes none: what stands there was meant for something. Throws UsageError. */
export function noArguments(args: readonly string[]): void {
  if (args.length > 0) throw new UsageError(`this command takes no arguments: '${args.join(' ')}'`);
}

/** The command line itself is wrong; the entry prints the message and the usage and exits with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
