/** Entry of the command line. A command is a file in commands/. This file finds and runs it, and sets the exit code. */

import type { Command, CommandIo } from './commands/command.ts';
import { COMMANDS } from './commands/commands.ts';
import { readEnvironment } from './commands/dotenv.ts';
import { explained } from './commands/explain-error.ts';
import { runWithSteps, takesJson, usageOf } from './commands/json-output.ts';
import { wrappedHelp } from './commands/wrapped-help.ts';
import { nearestName } from './nearest-name.ts';
import { workInBackground } from './processes/priority.ts';
import { VERSION } from './version.ts';

const HELP = `cc-jobs serves the job database of a ClusterCockpit installation over HTTP.

${COMMANDS.map(({ name, summary }) => `  cc-jobs ${name.padEnd(12)} ${summary}`).join('\n')}

'cc-jobs COMMAND --help' describes a command; 'cc-jobs --version' prints the version.
Settings come from the environment and from .env (docs/settings.md).
`;

/**
 * Files that the service and its processes create (databases, logs, indexes, spills, archives, exports) may contain
 * private data. Others get no rights to them. The group, which may include cc-backend, can read them. SQLite gives a
 * log the rights of its database.
 */
const UMASK = 0o027;
process.umask(process.umask(UMASK) | UMASK);

/** Under npm, a terminal's Ctrl-C arrives twice, because npm forwards it. Signals within this time count as one. */
const SAME_SIGNAL_MS = 500;

/** A help text is as wide as the terminal, within these columns. */
const [LEAST_COLUMNS, MOST_COLUMNS] = [60, 100];

process.exitCode = await main(process.argv.slice(2));

async function main([name, ...args]: string[]): Promise<number> {
  const entry = COMMANDS.find((known) => known.name === name);
  if (name === '--version' || name === '-v') return print(`${VERSION}\n`);
  if (name === '--help' || name === '-h' || name === 'help') return print(HELP);
  if (entry === undefined) {
    process.stderr.write(name === undefined ? HELP : `cc-jobs: ${unknownCommand(name)}\n`);
    return 2;
  }
  const command = await entry.load();
  if (args.includes('--help') || args.includes('-h')) return print(`${helpFor(command, process.stdout)}\n`);
  try {
    if (command.isBackground) workInBackground();
    if (!takesJson(command) || !args.includes('--json')) return await command.run(args, commandIo());
    return await runWithSteps(
      command,
      args.filter((arg) => arg !== '--json'),
      commandIo(),
    );
  } catch (error) {
    return explain(error, command);
  }
}

function unknownCommand(name: string): string {
  const meant = nearestName(
    name,
    COMMANDS.map((known) => known.name),
  );
  const hint = meant === undefined ? '' : `: did you mean ${meant}?`;
  return `unknown command '${name}'${hint}\n'cc-jobs --help' lists the commands`;
}

function helpFor(command: Command, { columns = MOST_COLUMNS }: { columns?: number }): string {
  return wrappedHelp(usageOf(command), Math.min(MOST_COLUMNS, Math.max(LEAST_COLUMNS, columns)));
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

/** The first signal asks the command to stop, the second kills the process. */
function commandIo(): CommandIo {
  const stopping = new AbortController();
  let stoppedAt = Number.POSITIVE_INFINITY;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (performance.now() - stoppedAt > SAME_SIGNAL_MS) process.kill(process.pid, 'SIGKILL');
      stoppedAt = Math.min(stoppedAt, performance.now());
      stopping.abort();
    });
  }
  return {
    ...readEnvironment(process.env),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stopping.signal,
    hangUp: {
      listen: (listener) => void process.on('SIGHUP', listener),
      readAgain: () => readEnvironment(process.env),
    },
  };
}

function explain(error: unknown, command: Command): number {
  const { exitCode, code, problems, trace } = explained(error);
  const help = code === 'invalid_command_line' ? `\n${helpFor(command, process.stderr)}\n` : '';
  for (const text of trace === undefined ? problems : [trace]) process.stderr.write(`cc-jobs: ${text}\n${help}`);
  return exitCode;
}
