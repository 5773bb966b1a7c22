import { once } from 'node:events';
import { passedSocket, serviceManager } from '../node/service-manager.ts';
import { surviveShortages } from '../node/survive-shortages.ts';
import { startService } from '../node.ts';
import { settingsOnNode } from '../settings.ts';
import { type Command, noArguments } from './command.ts';

export const serveCommand: Command = {
  usage: `cc-jobs serve

Serves the job database over HTTP until SIGTERM or SIGINT. Then it stops accepting requests, lets running requests finish
within their deadline, and exits with 0. A second signal ends it at once. Logs are JSON lines on standard error. If
systemd passes a listening socket, the service uses it in place of HOST and PORT.`,
  async run(args, io) {
    noArguments(args);
    surviveShortages();
    const { signal } = io;
    const stopped = signal.aborted ? Promise.resolve() : once(signal, 'abort').then(() => {});
    const service = await Promise.race([startService(settingsOnNode(io), passedSocket(io.env, process.pid)), stopped]);
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
