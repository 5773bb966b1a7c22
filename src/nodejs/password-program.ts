/** The program of the thread that compares and hashes passwords (password-thread.ts). */
import { parentPort } from 'node:worker_threads';
import { compareSync } from 'bcryptjs';
import { hashPassword } from '../http/auth/new-password.ts';
import type { PasswordWork } from './password-thread.ts';

parentPort?.on('message', async ({ id, work }: { id: number; work: PasswordWork }) => {
  const { password, hash } = work;
  const answer = hash === undefined ? await hashPassword(password) : matches(password, hash);
  parentPort?.postMessage({ id, answer });
});

function matches(password: string, hash: string): boolean {
  try {
    return compareSync(password, hash);
  } catch {
    return false; // the stored value is not a hash, so no password matches it
  }
}
