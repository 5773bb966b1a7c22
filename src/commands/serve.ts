import { once } from 'node:events';
import { passedSocket, serviceManager } from '../nodejs/service-manager.ts';
import { surviveShortages } from '../nodejs/survive-shortages.ts';
import { type RunningService, startService } from '../nodejs.ts';
import { type Environment, settingsOnNode } from '../settings-by-deployment.ts';
import { type Command, type HangUp, noArguments } from './command.ts';

export const serveCommand: Command = {
  usage: `cc-jobs serve

Serves the job database over HTTP until SIGTERM or SIGINT. Then it stops accepting requests, lets running requests finish
within their deadline, and exits with 0. A second signal ends it at once. Logs are JSON lines on standard error. If
systemd passes a listening socket, the service uses it in place of HOST and PORT. SIGHUP reads .env and the files
cluster.json again, without a restart (docs/settings.md). In a terminal, SIGHUP ends the service.`,
  isShort: true,
  async run(args, io) {
    noArguments(args);
    surviveShortages();
    const { signal } = io;
    const stopped = signal.aborted ? Promise.resolve() : once(signal, 'abort').then(() => {});
    const starting = startService(settingsOnNode(io), passedSocket(io.env, process.pid));
    // A closed terminal sends SIGHUP too. A service of a terminal then ends, as any program does.
    if (io.hangUp !== undefined && io.stdin.isTTY !== true) reloadAtHangUp(starting, io.hangUp, io.env);
    const service = await Promise.race([starting, stopped]);
    // Stopped before it served. The start may be waiting for a server or a replica. Its processes end with this one.
    if (service === undefined) process.exit(0);
    const manager = serviceManager(io.env, service.log);
    manager.ready();
    await stopped;
    manager.stopping();
    await service.stop();
    return 0;
  },
};

/** A SIGHUP during the start counts after it. */
function reloadAtHangUp(
  starting: Promise<RunningService>,
  { listen, readAgain }: HangUp,
  env: Environment['env'],
): void {
  const reload = async () => {
    const service = await starting.catch(() => undefined); // the caller has the error
    if (service === undefined) return;
    const { at, isRefused } = await service.reload(() => settingsOnNode(readAgain()));
    const time = new Date(at * 1000).toISOString();
    const line = isRefused ? `reload refused at ${time}: the log says why` : `reloaded at ${time}`;
    serviceManager(env, service.log).status(line);
  };
  listen(() => void reload());
}
