import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '../../startup-error.ts';
import { freePort } from './free-port.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PROGRAM = join(ROOT, 'node_modules/wrangler/bin/wrangler.js');
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 5_000;
const LOOK_MS = 50;
/** Disables all requests to other services. */
const OFFLINE = {
  WRANGLER_SEND_METRICS: 'false',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  // After an error wrangler still looks for a new version. Nothing listens at this address (discard).
  npm_registry: 'http://127.0.0.1:9/',
};

export interface WranglerOptions {
  /** 0: any free port. */
  port: number;
  /** They override .dev.vars and wrangler.toml. They must not be secrets: other users can see a command line. */
  bindings: Readonly<Record<string, string>>;
  /** Fires when the server is no longer needed. */
  signal?: AbortSignal;
}

export interface Wrangler {
  url: string;
  /** Settles if it has ended by itself. */
  ended: Promise<unknown>;
  stop(): Promise<void>;
}

/**
 * Runs `wrangler dev` for wrangler.toml on the loopback address. Output goes to standard error. Throws StartupError.
 */
export async function startWrangler({ port, bindings, signal }: WranglerOptions): Promise<Wrangler> {
  if (!existsSync(PROGRAM)) throw new StartupError('there is no wrangler in node_modules: run npm ci');
  const at = port === 0 ? await freePort() : port;
  const vars = Object.entries(bindings).flatMap(([name, value]) => ['--var', `${name}:${value}`]);
  // Not through npx or npm, which would leave it running. SIGTERM reaches this process, which ends its own.
  const args = [PROGRAM, 'dev', '--ip', '127.0.0.1', '--port', String(at), '--inspector-port', '0', ...vars];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...OFFLINE },
    detached: true, // Ctrl-C in a terminal reaches only us; we stop it in order
  });
  const ended = once(child, 'exit');
  ended.catch(() => {}); // a failed start is detected by its exit
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const force = setTimeout(() => killGroup(child.pid), STOP_LIMIT_MS);
      await ended.catch(() => {});
      clearTimeout(force);
    }
    killGroup(child.pid); // workerd, if wrangler has ended without it
  };
  const url = `http://127.0.0.1:${at}`;
  const limit = performance.now() + START_LIMIT_MS;
  for (;;) {
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    if (answer?.ok === true) return { url, ended, stop };
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (hasEnded || signal?.aborted || performance.now() > limit) {
      await stop();
      if (hasEnded) throw new StartupError('wrangler has ended: see above');
      if (signal?.aborted) throw new StartupError('stopped while the Worker was starting');
      throw new StartupError(`the Worker did not answer at ${url} within ${START_LIMIT_MS / 1000} s`);
    }
    await sleep(LOOK_MS);
  }
}

/** Kills workerd too, which wrangler may have left. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // already ended
  }
}
