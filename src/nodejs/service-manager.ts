import { execFile } from 'node:child_process';
import type { Log } from '../log.ts';
import { StartupError } from '../startup-error.ts';

const LIMIT_MS = 10_000;

/** Notifies systemd by its own program `systemd-notify`, because Node has no Unix datagram sockets. */
export interface ServiceManager {
  /** The service answers. From now on it gives signs of life, if WatchdogSec asks for them. */
  ready(): void;
  /** A line for `systemctl status`. */
  status(line: string): void;
  stopping(): void;
}

/**
 * The service manager of `Type=notify` (sd_notify(3)). Without NOTIFY_SOCKET there is none. The signs of life only say
 * that this process handles events: systemd would restart a service in vain whose file is damaged.
 */
export function serviceManager(env: NodeJS.ProcessEnv, log: Pick<Log, 'warn'>): ServiceManager {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: watchdogUs = '0' } = env;
  if (socket === undefined || socket === '') return { ready() {}, status() {}, stopping() {} };
  const tell = (what: string) => {
    execFile('systemd-notify', [what], { env, timeout: LIMIT_MS }, (err) => {
      if (err !== null) log.warn({ err }, 'systemd was not notified');
    });
  };
  const watchdogMs = Number(watchdogUs) / 1000;
  let signsOfLife: NodeJS.Timeout | undefined;
  return {
    ready() {
      tell('--ready');
      if (watchdogMs > 0) signsOfLife = setInterval(() => tell('WATCHDOG=1'), watchdogMs / 2);
    },
    status(line) {
      tell(`STATUS=${line}`);
    },
    stopping() {
      clearInterval(signsOfLife);
      tell('STOPPING=1');
    },
  };
}

/** The first file that systemd passes to a service (sd_listen_fds(3)). */
const FIRST_FD = 3;

/**
 * The listening socket that systemd holds for the process `pid` (systemd.socket(5)), as a file descriptor. Undefined
 * without one. Throws StartupError if there are more.
 */
export function passedSocket(env: Readonly<Record<string, string | undefined>>, pid: number): number | undefined {
  const { LISTEN_PID: forPid, LISTEN_FDS: count = '0' } = env;
  if (forPid !== String(pid) || count === '0') return undefined;
  if (count !== '1') throw new StartupError(`systemd passes ${count} sockets: the .socket unit must have one address`);
  return FIRST_FD;
}
