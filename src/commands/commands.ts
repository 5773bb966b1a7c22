import type { Command, NamedCommand } from './command.ts';
import { DEMO_JOBS_TEXT } from './demo-settings.ts';
import { usageOf } from './json-output.ts';

/** A command that is not loaded yet. */
interface CommandEntry {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  load(): Promise<Command>;
}

/**
 * All commands, in the order of the help. The file of a command is loaded when it runs: all of them would take 0.4 s of
 * CPU, and `keys` alone takes 0.04.
 */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'serve',
    summary: 'serve the database of DB_URL',
    load: async () => (await import('./serve.ts')).serveCommand,
  },
  {
    name: 'demo',
    summary: `serve ${DEMO_JOBS_TEXT} generated jobs, to try cc-jobs`,
    load: async () => (await import('./demo.ts')).demoCommand,
  },
  {
    name: 'edge',
    summary: `serve ${DEMO_JOBS_TEXT} generated jobs as a Worker, for development`,
    load: async () => (await import('./edge.ts')).edgeCommand,
  },
  {
    name: 'migrate',
    summary: 'create a database, or update an existing one',
    load: async () => (await import('./migrate.ts')).migrateCommand,
  },
  {
    name: 'import',
    summary: 'load jobs from an archive, another job database, sacct or a workload log',
    load: async () => (await import('./import.ts')).importCommand,
  },
  {
    name: 'generate',
    summary: 'generate realistic jobs; the same seed gives the same jobs',
    load: async () => (await import('./generate.ts')).generateCommand,
  },
  {
    name: 'submit-times',
    summary: 'store the submit times that jobs have only in their metadata',
    load: async () => (await import('./submit-times.ts')).submitTimesCommand,
  },
  { name: 'token', summary: 'print a token for a user', load: async () => (await import('./token.ts')).tokenCommand },
  { name: 'keys', summary: 'create a key pair for tokens', load: async () => (await import('./keys.ts')).keysCommand },
  {
    name: 'user',
    summary: 'list, add, change and delete accounts; create those of an LDAP directory',
    load: async () => (await import('./user.ts')).userCommand,
  },
  {
    name: 'export',
    summary: 'write jobs as CSV, NDJSON or Parquet',
    load: async () => (await import('./export.ts')).exportCommand,
  },
  {
    name: 'report',
    summary: 'report what was used in a month, as text or as a page to print',
    load: async () => (await import('./report.ts')).reportCommand,
  },
  {
    name: 'retention',
    summary: 'delete old jobs and free their disk space',
    load: async () => (await import('./retention.ts')).retentionCommand,
  },
  {
    name: 'archive',
    summary: 'compress, move and delete the files of old jobs; check and repair all',
    load: async () => (await import('./archive.ts')).archiveCommand,
  },
  {
    name: 'backup',
    summary: 'copy the database while it is in use',
    load: async () => (await import('./backup.ts')).backupCommand,
  },
  {
    name: 'restore',
    summary: 'put a backup in the place of the database',
    load: async () => (await import('./restore.ts')).restoreCommand,
  },
  {
    name: 'sizing',
    summary: 'show how memory is divided among the processes',
    load: async () => (await import('./sizing.ts')).sizingCommand,
  },
  {
    name: 'status',
    summary: 'show the state of the running service',
    load: async () => (await import('./status.ts')).statusCommand,
  },
  {
    name: 'doctor',
    summary: 'check this machine, the settings and the database',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  {
    name: 'update',
    summary: 'change to another bundle, and back if it is not healthy',
    load: async () => (await import('./update.ts')).updateCommand,
  },
  {
    name: 'completion',
    summary: 'print what a shell needs to complete commands and options',
    load: async () => (await import('./completion.ts')).completionCommand(loadAll),
  },
  {
    name: 'man',
    summary: 'print the manual page',
    load: async () => (await import('./manual.ts')).manualCommand(loadAll),
  },
];

function loadAll(): Promise<NamedCommand[]> {
  return Promise.all(
    COMMANDS.map(async ({ name, summary, load }) => {
      const command = await load();
      return { ...command, name, summary, usage: usageOf(command) };
    }),
  );
}
