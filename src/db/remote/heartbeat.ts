import { clientOf, type RemoteServer } from './server.ts';

const BEAT_MS = 1_000;

export interface Pulse {
  /** False if the server has not answered for a second: the last exchange failed, and none has succeeded since. */
  alive(): boolean;
  answered(): void;
  failed(): void;
  stop(): void;
}

/** Tracks whether the server answers, by every exchange, and with `heartbeat` by a small query each second. */
export function heartbeat({ heartbeat: beats, ...server }: RemoteServer & { heartbeat: boolean }): Pulse {
  let up = true;
  let failedAt = 0;
  let asking = false;
  const failed = () => {
    up = false;
    failedAt = performance.now();
  };
  const ask = async () => {
    if (asking) return;
    asking = true;
    const client = clientOf(server, () => AbortSignal.timeout(BEAT_MS));
    try {
      await client.execute('SELECT 1');
      up = true;
    } catch {
      failed();
    } finally {
      client.close();
      asking = false;
    }
  };
  const timer = beats ? setInterval(ask, BEAT_MS) : undefined;
  return {
    // Without a heartbeat it would never learn that the server is up again.
    alive: () => up || (!beats && performance.now() - failedAt > BEAT_MS),
    answered: () => {
      up = true;
    },
    failed,
    stop: () => clearInterval(timer),
  };
}
