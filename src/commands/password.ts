import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { genSalt, hash } from 'bcryptjs';
import { type CommandIo, UsageError } from './command.ts';

/** As cc-backend's (contract/auth.md §8). */
const COST = 10;
/** bcrypt looks at no more. */
const MOST_BYTES = 72;

/**
 * A password from standard input: on a terminal it is asked for and not shown, else it is the first line. Throws UsageError for
 * one that is empty or too long.
 */
export async function readPassword({ stdin, stderr }: CommandIo): Promise<string> {
  const isTerminal = stdin.isTTY === true;
  if (isTerminal) stderr.write('Password: ');
  // What readline would echo goes nowhere.
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
  if (Buffer.byteLength(password) > MOST_BYTES)
    throw new UsageError(`a password must have at most ${MOST_BYTES} bytes`);
  return password;
}

/** Its bcrypt hash, in the form cc-backend writes. */
export async function hashOf(password: string): Promise<string> {
  const salt = await genSalt(COST);
  return await hash(password, salt.replace(/^\$2b\$/, '$2a$'));
}
