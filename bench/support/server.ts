import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeKeys } from '../../src/http/auth/signing-keys.ts';
import { makeToken } from '../../src/http/auth/token.ts';
import { COMMAND, environment, type Files, VAR } from './database.ts';
import { get } from './http.ts';

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 10_000;
/** The log of servers without a log of their own. */
const LOG_PATH = join(VAR, 'server.log');

/** A server in a process of its own. */
export interface Server {
  port: number;
  token: string;
  pid: number;
  /** The token of another user with these roles. */
  tokenOf(user: string, roles: string[]): Promise<string>;
  stop(): Promise<void>;
}

/** Timed work is off, because it starts a second after the service and would disturb the measurement. */
const QUIET = {
  COLUMN_INDEX: 'off', // benchmarks measure SQLite unless they say otherwise
  JOB_CACHE_S: 'off',
  DURATION_UPDATE_S: 'off',
  OPTIMIZE_S: 'off',
  CHECKPOINT_S: 'off',
};

/** As in bin/cc-jobs. */
const OPTIONS_OF_PARENT = ['--max-semi-space-size=2', '--heap-growing-percent=30', '--v8-pool-size=1'];

/** Starts `cc-jobs serve` on a free port of the loopback interface. It checks tokens as in production. */
export async function startServer(
  files: Files,
  settings: Record<string, string> = {},
  logPath = LOG_PATH,
): Promise<Server> {
  return await start({ program: COMMAND, args: ['serve'], files, settings: { ...QUIET, ...settings }, logPath });
}

/** The same handlers with the database in their own process (one-process.ts). */
export async function startOneProcess(files: Files, settings: Record<string, string> = {}): Promise<Server> {
  const args = [...OPTIONS_OF_PARENT, join(import.meta.dirname, 'one-process.ts')];
  return await start({ program: process.execPath, args, files, settings, logPath: LOG_PATH });
}

/** The library of GraphQL alone (graphql-alone.ts), in the same V8. It answers with `answer`. */
export async function startGraphqlAlone(answer: string): Promise<Pick<Server, 'port' | 'token' | 'pid' | 'stop'>> {
  const args = [...OPTIONS_OF_PARENT, join(import.meta.dirname, 'graphql-alone.ts')];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(answer);
  const [port] = await once(child.stdout.setEncoding('utf8'), 'data', { signal: AbortSignal.timeout(START_LIMIT_MS) });
  return { port: Number(port), token: '', pid: child.pid ?? 0, stop: () => stop(child) };
}

interface Start {
  program: string;
  args: string[];
  files: Files;
  settings: Record<string, string>;
  logPath: string;
}

async function start({ program, args, files, settings, logPath }: Start): Promise<Server> {
  const keys = await makeKeys();
  const token = await makeToken(keys.privateKey, { user: 'bench', roles: ['admin', 'api'] });
  const port = await freePort();
  const env = environment(files, {
    HOST: '127.0.0.1',
    PORT: String(port),
    JWT_PUBLIC_KEY: keys.publicKey,
    LOG_LEVEL: process.env['BENCH_LOG_LEVEL'] ?? 'warn',
    ...settings,
  });
  mkdirSync(VAR, { recursive: true });
  const log = openSync(logPath, 'a');
  const child = spawn(program, args, { env, cwd: VAR, stdio: ['ignore', log, log] });
  closeSync(log);
  await untilHealthy(child, port);
  const tokenOf = (user: string, roles: string[]) => makeToken(keys.privateKey, { user, roles });
  return { port, token, pid: child.pid ?? 0, tokenOf, stop: () => stop(child) };
}

async function untilHealthy(child: ChildProcess, port: number): Promise<void> {
  const until = performance.now() + START_LIMIT_MS;
  while (performance.now() < until && child.exitCode === null) {
    const answer = await get({ port, token: '' }, '/healthz').catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(50);
  }
  child.kill('SIGKILL');
  throw new Error('the server did not start: see bench/var/server.log');
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await gone;
  clearTimeout(force);
}

/** A port on which nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
