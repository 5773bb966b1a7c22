import { dirname, resolve } from 'node:path';
import { readSettings } from '../check-settings.ts';
import { checkArchiveFolder, checkDatabaseFile, checkServer } from '../doctor/database-and-archive.ts';
import { checkDatabaseFolder, existingFolder } from '../doctor/database-folder.ts';
import type { Finding, Verdict } from '../doctor/finding.ts';
import { problem, warning } from '../doctor/finding.ts';
import { checkClock, checkMachine, checkPort, checkPrograms } from '../doctor/machine.ts';
import { envFileRemarks } from '../env-file-remarks.ts';
import { databaseFile, type SettingValues } from '../settings.ts';
import { StartupError } from '../startup-error.ts';
import { type Command, type CommandIo, parsedArguments, UsageError } from './command.ts';

const DEFAULT_LIMIT_SEC = 60;
const MOST_SEC = 86_400;
const SIGNS: Readonly<Record<Verdict, string>> = { ok: 'ok', warning: 'WARNING', problem: 'PROBLEM' };

export const doctorCommand: Command = {
  usage: `cc-jobs doctor [--seconds N] [--json]
    --seconds N   read the database for damage for at most N seconds, 1 to ${MOST_SEC} (default ${DEFAULT_LIMIT_SEC})
    --json        print one JSON object per line: check, verdict (ok, warning, problem) and text

Checks the settings, Node and the C library, memory, open files, the clock, HOST and PORT, the file system of the database
and its locks, the archive and its clusters, and the database. It changes nothing, and the service may run meanwhile. The
exit code is 1 if there is a problem, and 0 if there are only warnings.`,
  isBackground: true,
  async run(args, io) {
    const { limitSec, json } = readOptions(args);
    let problems = 0;
    for await (const finding of checks(io, limitSec)) {
      if (finding.verdict === 'problem') problems += 1;
      io.stdout.write(json ? `${JSON.stringify(finding)}\n` : line(finding));
    }
    return problems === 0 ? 0 : 1;
  },
};

/** From the quickest check to the longest. Without valid settings there is nothing else to check. */
async function* checks(io: CommandIo, limitSec: number): AsyncGenerator<Finding> {
  yield* checkPrograms();
  for (const remark of io.envFile === undefined ? [] : envFileRemarks(io.envFile)) yield warning('settings', remark);
  const settings = settingsOf(io);
  if (Array.isArray(settings)) return yield* settings;
  yield { check: 'settings', verdict: 'ok', text: 'are valid' };
  yield* checkMachine(settings);
  yield* await checkClock();
  yield* await checkPort(settings);
  yield* await checkArchiveFolder(resolve(settings.ARCHIVE_PATH));
  const file = databaseFile(settings);
  const server = file === undefined ? settings.DB_URL : settings.DB_SYNC_URL;
  if (server !== undefined) yield* await checkServer(server, settings);
  if (file === undefined) return;
  const path = resolve(file);
  yield* await checkDatabaseFolder(existingFolder(dirname(path)));
  if (settings.DB_SYNC_URL === undefined) yield* await checkDatabaseFile(path, limitSec);
}

function settingsOf({ env }: CommandIo): SettingValues | Finding[] {
  try {
    return readSettings(env);
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return error.problems.map((text) => problem('settings', text));
  }
}

function line({ check, verdict, text }: Finding): string {
  return `${SIGNS[verdict].padEnd(9)}${check.padEnd(17)}${text}\n`;
}

function readOptions(args: string[]): { limitSec: number; json: boolean } {
  const { seconds, json } = parseCommandLine(args);
  if (!/^[1-9]\d{0,4}$/.test(seconds) || Number(seconds) > MOST_SEC)
    throw new UsageError(`--seconds must be a whole number from 1 to ${MOST_SEC}`);
  return { limitSec: Number(seconds), json };
}

function parseCommandLine(args: string[]) {
  const options = {
    seconds: { type: 'string', default: String(DEFAULT_LIMIT_SEC) },
    json: { type: 'boolean', default: false },
  } as const;
  return parsedArguments({ args, options }).values;
}
