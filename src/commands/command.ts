import { type ParseArgsConfig, parseArgs } from 'node:util';
import { Fault } from '../faults.ts';
import type { Environment } from '../settings-by-deployment.ts';

/** The environment and streams that a command uses, passed in by the entry. */
export interface CommandIo extends Environment {
  /** Receives data. */
  stdout: NodeJS.WritableStream & { isTTY?: boolean };
  /** Receives everything else. */
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  /** Supplies what the command asks for. */
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  /** Fires at the first SIGINT or SIGTERM: stop cleanly. The entry kills the process at the second. */
  signal: AbortSignal;
  /** SIGHUP, which asks a service to read its settings again. Undefined outside a process of its own. */
  hangUp?: HangUp;
}

export interface HangUp {
  /** Calls `listener` at each SIGHUP from now on. Without a listener, SIGHUP ends the process. */
  listen(listener: () => void): void;
  /** The environment and `.env` as they are now. Throws StartupError. */
  readAgain(): Environment;
}

/** A command of bin/cc-jobs. Each command is a file in this folder, and has a line in commands.ts. */
export interface Command {
  /** The text of `cc-jobs NAME --help`: arguments and options with their units and defaults. */
  usage: string;
  /** Set if a service on the same file has priority. The command then runs at low priority. */
  isBackground?: true;
  /**
   * Set if it ends within a moment, or serves. Any other command whose usage does not have --json gets it: then its steps
   * are JSON lines (json-output.ts).
   */
  isShort?: true;
  /** Returns the exit code: 0 done, 1 failed, 2 startup refused. May throw StartupError and UsageError (both 2). */
  run(args: string[], io: CommandIo): Promise<number>;
}

export interface NamedCommand extends Command {
  name: string;
  summary: string;
}

/** For a command without arguments. Throws UsageError if there are any. */
export function noArguments(args: readonly string[]): void {
  if (args.length > 0) throw new UsageError(`this command takes no arguments: '${args.join(' ')}'`);
}

/** Reads an option. A fault of its value is a UsageError with the name of the option. */
export function ofOption<Value>(name: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof Fault) throw new UsageError(`${name} ${cause.message}`, { cause });
    throw cause;
  }
}

/** The options and arguments of a command. Throws UsageError for one that it does not have. */
export function parsedArguments<const Config extends ParseArgsConfig>(
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Invalid command line. The entry prints the message and the usage, and exits with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
