import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { checkSqliteVersion } from '../db/driver/node-sqlite.ts';
import { checkAddress, serviceUrl } from '../nodejs/http-server.ts';
import { sizeFor, thisMachine } from '../nodejs/memory-sizing.ts';
import { openFilesLimit } from '../nodejs/open-files.ts';
import type { SettingValues } from '../settings.ts';
import { StartupError } from '../startup-error.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

const MB = 2 ** 20;
const ANSWER_LIMIT_MS = 5_000;
/** With fewer files the service accepts few connections (docs/operations.md). */
const FEW_FILES = 1_024;

/** Node, SQLite and the C library that this process runs with. */
export function checkPrograms(): Finding[] {
  const report: { header?: { glibcVersionRuntime?: string } } = Object(process.report.getReport());
  const { glibcVersionRuntime: glibc } = report.header ?? {};
  const versions = `Node ${process.versions.node}, SQLite ${checkSqliteVersion()}`;
  return glibc === undefined
    ? [warning('programs', `${versions}; the C library is not glibc, with which cc-jobs is tested`)]
    : [ok('programs', `${versions}, glibc ${glibc}`)];
}

/** Whether the memory of the settings is there, and as many files as the service needs. */
export function checkMachine(settings: SettingValues): Finding[] {
  const machine = thisMachine();
  const { limitMb, notes } = sizeFor(settings, machine);
  const freeMb = Math.floor(process.availableMemory() / MB);
  const shown = `DB_MEMORY_LIMIT_MB is ${limitMb} MB of ${machine.memoryMb} MB (${machine.source}), of which ${freeMb} MB are available`;
  const files = openFilesLimit();
  return [
    limitMb > freeMb ? warning('memory', `${shown}: less than the service may use`) : ok('memory', shown),
    ...notes.map((note) => warning('memory', note)),
    files < FEW_FILES
      ? warning('open files', `the limit is ${files}: raise it (ulimit -n, LimitNOFILE) to accept more connections`)
      : ok('open files', `the limit is ${files}`),
  ];
}

/** Whether HOST and PORT are free, or cc-jobs itself listens there. */
export async function checkPort(settings: SettingValues): Promise<Finding[]> {
  const { HOST, PORT } = settings;
  try {
    await checkAddress(settings);
    return [ok('address', `${HOST} port ${PORT} is free`)];
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    const health = await healthAt(settings);
    return health === undefined
      ? error.problems.map((text) => problem('address', text))
      : [ok('address', `a service answers on ${HOST} port ${PORT}: ${health}`)];
  }
}

/** The status of the service that answers there. */
async function healthAt(settings: SettingValues): Promise<string | undefined> {
  try {
    const answer = await fetch(`${serviceUrl(settings)}/healthz`, {
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
      redirect: 'error',
    });
    const { status }: { status?: unknown } = Object(await answer.json());
    return status === 'ok' || status === 'degraded' ? status : undefined;
  } catch {
    return undefined;
  }
}

/** Tokens and sessions expire by the clock, and jobs that start in the future are refused. */
export async function checkClock(): Promise<Finding[]> {
  const now = new Date().toISOString();
  try {
    const { stdout } = await promisify(execFile)('timedatectl', ['show', '--property=NTPSynchronized', '--value'], {
      timeout: ANSWER_LIMIT_MS,
    });
    return stdout.trim() === 'no'
      ? [warning('clock', `${now}: it is not synchronized: turn on a time service, such as chrony`)]
      : [ok('clock', `${now}, synchronized`)];
  } catch {
    return [ok('clock', `${now}; whether it is synchronized is not known (timedatectl does not answer)`)];
  }
}
