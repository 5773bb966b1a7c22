import { faultOfRemote } from './remote-faults.ts';
import { clientOf, type RemoteServer } from './server.ts';

const BEAT_MS = 1_000;

export interface Pulse {
  /** Why the last exchange failed, if none has succeeded since. Undefined if the server answers. */
  failing(): string | undefined;
  answered(): void;
  failed(why: string): void;
  stop(): void;
}

/** Tracks whether the server answers, by every exchange, and with `heartbeat` by a small query each second. */
export function heartbeat({ heartbeat: beats, ...server }: RemoteServer & { heartbeat: boolean }): Pulse {
  let reason: string | undefined;
  let failedAt = 0;
  let asking = false;
  const failed = (why: string) => {
    reason = why;
    failedAt = performance.now();
  };
  const ask = async () => {
    if (asking) return;
    asking = true;
    const end = AbortSignal.timeout(BEAT_MS);
    const client = clientOf(server, () => end);
    try {
      await client.execute('SELECT 1');
      reason = undefined;
    } catch (error) {
      failed(end.aborted ? 'the libSQL server does not respond' : faultOfRemote(error).message);
    } finally {
      client.close();
      asking = false;
    }
  };
  const timer = beats ? setInterval(ask, BEAT_MS) : undefined;
  return {
    // Without a heartbeat it would never learn that the server is up again.
    failing: () => (beats || performance.now() - failedAt <= BEAT_MS ? reason : undefined),
    answered: () => {
      reason = undefined;
    },
    failed,
    stop: () => clearInterval(timer),
  };
}
