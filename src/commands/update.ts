import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { readSettings } from '../check-settings.ts';
import { serviceUrl } from '../nodejs/http-server.ts';
import { StartupError } from '../startup-error.ts';
import { type Bundle, bundleIn, checkSum, runProgram, type UnpackedBundle, unpack } from '../update/bundle.ts';
import { lead, linkTo, lockUpdates } from '../update/bundle-link.ts';
import { untilHealthy } from '../update/health.ts';
import { type Command, type CommandIo, parsedArguments, UsageError } from './command.ts';
import { reportResult } from './json-output.ts';

const DEFAULT_WAIT_SEC = 60;
const MOST_WAIT_SEC = 3_600;
/** A restart ends when the service has stopped, which takes up to its deadline. */
const RESTART_LIMIT_MS = 900_000;
const DOCTOR_LIMIT_MS = 300_000;

export const updateCommand: Command = {
  usage: `cc-jobs update FILE [--restart COMMAND] [--health URL] [--wait N] [--no-checksum]
    FILE               a bundle: cc-jobs-VERSION-PLATFORM.tar.zst or .tar.gz, with its .sha256 next to it
    --restart COMMAND  restarts the service, such as 'systemctl restart cc-jobs'; without it you do this yourself
    --health URL       what must answer afterwards (default /healthz of HOST and PORT)
    --wait N           seconds to wait for that, 1 to ${MOST_WAIT_SEC} (default ${DEFAULT_WAIT_SEC})
    --no-checksum      do not compare FILE with its checksum

For an installation from a bundle. Run it in the working directory of the service, by the account that owns the
installation. Unpacks FILE next to this bundle, checks with 'cc-jobs doctor' of the new one that it finds no problem,
changes the link through which the service is started, and restarts the service. If it is not healthy in time, the link
leads to this bundle again and the service is restarted with it. The bundle that is not used afterwards is not deleted:
the update with the FILE of an earlier version goes back to it.`,
  async run(args, io) {
    const options = readOptions(args, io);
    const current = await bundleIn(join(import.meta.dirname, '../..'));
    if (current === undefined)
      throw new StartupError('this is not a bundle: docs/install.md says how to update a clone or a package');
    const next = dirname(current.folder);
    const release = lockUpdates(next);
    try {
      const link = await linkTo(current.folder);
      if (options.hasChecksum) await checkSum(options.file);
      const fresh = await unpack(options.file, next, io.signal);
      if (fresh.folder === current.folder) throw new StartupError(`cc-jobs ${fresh.version} is in use already`);
      return await change(link, current, fresh, options, io);
    } finally {
      release();
    }
  },
};

type Options = ReturnType<typeof readOptions>;

async function change(
  link: string,
  current: Bundle,
  fresh: UnpackedBundle,
  options: Options,
  io: CommandIo,
): Promise<number> {
  const say = (line: string) => void io.stderr.write(`${line}\n`);
  const doctor = await runProgram(fresh.folder, ['doctor'], DOCTOR_LIMIT_MS);
  if (doctor.code !== 0 || io.signal.aborted) {
    if (fresh.isNew) await rm(fresh.folder, { recursive: true });
    const problems = doctor.stdout.split('\n').filter((line) => line.startsWith('PROBLEM'));
    say(problems.join('\n') || doctor.stderr.trim());
    say(`nothing was changed${fresh.isNew ? `: ${fresh.version} was removed again` : ''}`);
    return 1;
  }
  await lead(link, fresh.folder);
  say(`${basename(link)} leads to ${basename(fresh.folder)}, before to ${basename(current.folder)}`);
  reportResult(io, { from: current.version, to: fresh.version, isRestarted: false });
  if (options.restart === undefined) {
    say('restart the service to use it');
    return 0;
  }
  const why = (await restarted(options.restart)) ?? (await untilHealthy(options.health, options.waitMs, io.signal));
  if (why === undefined) {
    say(`${options.health} answers: cc-jobs ${fresh.version} serves`);
    reportResult(io, { isRestarted: true });
    return 0;
  }
  await lead(link, current.folder);
  reportResult(io, { to: current.version });
  say(`${fresh.version} is not healthy (${why}): ${basename(link)} leads to ${basename(current.folder)} again`);
  // Also after Ctrl-C: a link that leads to the one and a service that runs the other would be worse.
  const again =
    (await restarted(options.restart)) ??
    (await untilHealthy(options.health, options.waitMs, new AbortController().signal));
  say(
    again === undefined
      ? `cc-jobs ${current.version} serves`
      : `cc-jobs ${current.version} is not healthy either: ${again}`,
  );
  return 1;
}

/** Runs the operator's command. Returns why it failed. */
async function restarted(command: string): Promise<string | undefined> {
  try {
    await promisify(execFile)('/bin/sh', ['-c', command], { timeout: RESTART_LIMIT_MS });
    return undefined;
  } catch (error) {
    const { code, stderr = '' }: { code?: unknown; stderr?: string } = Object(error);
    return `'${command}' ended with ${code}${stderr === '' ? '' : `: ${stderr.trim().split('\n').at(-1)}`}`;
  }
}

function readOptions(args: string[], { env }: CommandIo) {
  const { positionals, values } = parseCommandLine(args);
  const [file, ...more] = positionals;
  if (file === undefined || file === '' || more.length > 0) throw new UsageError('one FILE is needed');
  const { wait = String(DEFAULT_WAIT_SEC), health, restart } = values;
  if (!/^[1-9]\d{0,3}$/.test(wait) || Number(wait) > MOST_WAIT_SEC)
    throw new UsageError(`--wait must be a whole number from 1 to ${MOST_WAIT_SEC}`);
  if (health !== undefined && !URL.canParse(health))
    throw new UsageError('--health must be an address such as http://127.0.0.1:8080/healthz');
  return {
    file: resolve(file),
    restart,
    health: health ?? `${serviceUrl(readSettings(env))}/healthz`,
    waitMs: Number(wait) * 1000,
    hasChecksum: values['no-checksum'] !== true,
  };
}

function parseCommandLine(args: string[]) {
  return parsedArguments({
    args,
    allowPositionals: true,
    options: {
      restart: { type: 'string' },
      health: { type: 'string' },
      wait: { type: 'string' },
      'no-checksum': { type: 'boolean' },
    },
  });
}
