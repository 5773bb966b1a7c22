import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { newPasswordProblem } from '../http/auth/new-password.ts';
import { type CommandIo, UsageError } from './command.ts';

/**
 * Reads a password from standard input: without echo on a terminal, otherwise the first line. Throws UsageError if it
 * is empty or newPasswordProblem refuses it.
 */
export async function readPassword({ stdin, stderr }: CommandIo): Promise<string> {
  const isTerminal = stdin.isTTY === true;
  if (isTerminal) stderr.write('Password: ');
  // Discards the echo of readline.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: silent, terminal: isTerminal });
  let password = '';
  for await (const line of lines) {
    password = line;
    break;
  }
  lines.close();
  if (isTerminal) stderr.write('\n');
  if (password === '') throw new UsageError('the password is empty');
  const problem = newPasswordProblem(password);
  if (problem !== undefined) throw new UsageError(problem);
  return password;
}
