import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';

/**
 * Stops a process with SIGSTOP. Returns when all of its threads have stopped: one that runs goes on until another one has
 * received the signal, which takes milliseconds on a busy machine.
 */
export async function stopProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  const folder = `/proc/${pid}/task`;
  if (!existsSync(folder)) return;
  const states = () =>
    readdirSync(folder).map((thread) => /\) (\S)/.exec(readFileSync(`${folder}/${thread}/stat`, 'latin1'))?.[1]);
  await expect.poll(() => states().every((state) => state === 'T'), { interval: 5, timeout: 30_000 }).toBe(true);
}
