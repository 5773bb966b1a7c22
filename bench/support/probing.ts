import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Target } from './http.ts';

export interface Probed {
  timesMs: number[];
  /** Responses other than 200. */
  failed: number;
}

/** Requests `path` repeatedly from another process. `stop` returns the times of the responses. */
export function probe({ port, token }: Target, path: string, everyMs = 10): { stop(): Promise<Probed> } {
  const child = fork(join(import.meta.dirname, 'probe.ts'), [String(port), path, String(everyMs)], {
    env: { PATH: process.env['PATH'], TOKEN: token },
    execArgv: [],
  });
  return {
    async stop() {
      const answered = once(child, 'message');
      child.send('stop');
      const [probed] = (await answered) as [Probed];
      return probed;
    },
  };
}
