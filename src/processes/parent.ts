import { endWithParent } from './lifeline.ts';
import type { FromProcess, ToProcess } from './protocol.ts';
import { ownRssMb } from './rss.ts';

/** Every message but the heartbeat, which all programs answer alike. */
export type Asked = Exclude<ToProcess, { kind: 'ping' }>;

export function send(message: FromProcess): void {
  process.send?.(message);
}

/** What every program of a process does: it takes messages of the service, answers its heartbeat, and ends with it. */
export function serveParent(receive: (message: Asked) => Promise<void>): void {
  endWithParent();
  process.on('message', (message: ToProcess) => {
    if (message.kind === 'ping') send({ kind: 'pong', id: 0, rssMb: ownRssMb() });
    else void receive(message);
  });
  // The terminal's Ctrl-C goes to the whole group: the service ends its processes in order.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
}
