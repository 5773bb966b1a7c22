/** The program of the thread that compares passwords (password-thread.ts). */
import { parentPort } from 'node:worker_threads';
import { compareSync } from 'bcryptjs';

parentPort?.on('message', ({ password, hash }: { password: string; hash: string }) => {
  let matches = false;
  try {
    matches = compareSync(password, hash);
  } catch {
    // the stored value is not a hash, so no password matches it
  }
  parentPort?.postMessage(matches);
});
