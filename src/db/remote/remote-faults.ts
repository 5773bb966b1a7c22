import { LibsqlError } from '@libsql/client/web';
import { Fault } from '../../faults.ts';
import { faultOfCode, PRIMARY_CODES } from '../driver/sqlite-faults.ts';

/** Error codes of the server in addition to SQLite's. After them nothing has changed: the transaction has ended. */
const FAULT_OF_WORD: Readonly<Record<string, Fault>> = {
  TRANSACTION_TIMEOUT: new Fault('database_busy', 'the libSQL server revoked the write lock: the write took too long'),
  TRANSACTION_BUSY: new Fault('database_busy', 'another writer held the write lock of the libSQL server'),
  STREAM_EXPIRED: new Fault('connection_lost', 'the libSQL server ended the transaction: it was idle for too long'),
  TRANSACTION_CLOSED: new Fault('connection_lost', 'the libSQL server ended the transaction'),
  STREAM_NOT_OPEN: new Fault('connection_lost', 'the libSQL server ended the transaction'),
  BLOCKED: new Fault('remote_unavailable', 'the libSQL server is rejecting requests'),
  PROXY_ERROR: new Fault('remote_unavailable', 'the replica of the libSQL server cannot reach its primary'),
  NAMESPACE_DOESNT_EXIST: new Fault('remote_unavailable', 'there is no database at DB_URL'),
  RESPONSE_TOO_LARGE: new Fault(
    'memory_limit_exceeded',
    'the result exceeds the response limit of the libSQL server (--max-response-size)',
  ),
};

/** Errors which show that the server cannot execute any write: its disk is full, read-only or broken. */
const CANNOT_WRITE = /^(SQLITE_(IOERR|FULL|READONLY|CANTOPEN|PERM|CORRUPT|NOTADB)|BLOCKED)/;

/** Why the server cannot be used. docs/errors.md says what a caller can do. */
const REFUSALS: Readonly<Record<number, string>> = {
  401: 'the libSQL server rejected DB_AUTH_TOKEN',
  403: 'the libSQL server rejected DB_AUTH_TOKEN',
  404: 'there is no database at DB_URL',
};

/** Converts any error of the client to a fault. Its text may contain SQL or an address, so only the cause has it. */
export function faultOfRemote(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const cause = { cause: error };
  if (!isAnswer(error)) return new Fault('remote_unavailable', unreachable(error), cause);
  const status = statusOf(error);
  if (status !== undefined) {
    return new Fault(
      'remote_unavailable',
      REFUSALS[status] ?? `the libSQL server responded with HTTP ${status}`,
      cause,
    );
  }
  const known = FAULT_OF_WORD[error.code];
  if (known !== undefined) return new Fault(known.code, known.message, cause);
  if (isTooBig(error)) return new Fault('memory_limit_exceeded', TOO_BIG, cause);
  const fault = faultOfCode(codeOf(error), error);
  return fault.code === 'internal'
    ? new Fault('internal', `the libSQL server responded with ${wordOf(error)}`, cause)
    : fault;
}

/** Does what `faultOfRemote` does, for a statement that stores data. */
export function faultOfChange(error: unknown): Fault {
  if (isForbidden(error)) return new Fault('read_only', MAY_ONLY_READ, { cause: error });
  if (isAnswer(error) && isTooBig(error)) return new Fault('body_too_large', TOO_BIG_TO_STORE, { cause: error });
  if (isAnswer(error) && error.code.startsWith('SQLITE_IOERR')) {
    return new Fault('disk_full', `the libSQL server cannot write (${wordOf(error)})`, { cause: error });
  }
  return faultOfRemote(error);
}

/** The server's code among the causes of an error, or its meaning, if no write can succeed. */
export function whyNoWrites(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (isForbidden(at)) return MAY_ONLY_READ;
    if (isAnswer(at) && CANNOT_WRITE.test(at.code)) return wordOf(at);
  }
  return undefined;
}

/** Awaits a call of the client and converts its error to a fault. Other errors are bugs and stay as they are. */
export async function ofServer<Result>(call: Promise<Result>, faultOf = faultOfRemote): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    throw faultOf(error);
  }
}

const MAY_ONLY_READ = 'DB_AUTH_TOKEN does not permit writes';
const MOST_BYTES = '5,000,000 bytes';
const TOO_BIG = `a value or row of the result exceeds the limit of libSQL servers (${MOST_BYTES})`;
const TOO_BIG_TO_STORE = `a value or row to be stored exceeds the limit of libSQL servers (${MOST_BYTES})`;

/** sqld sets SQLITE_LIMIT_LENGTH to 5,000,000 bytes. It applies to a parameter, a computed value, and a row. */
function isTooBig({ code, message }: LibsqlError): boolean {
  return code === 'SQLITE_TOOBIG' || (code === 'ARGS_INVALID' && message.endsWith('too big'));
}

/** The server's code if the server answered with an error. Undefined for an error of the connection. */
export function serverWord(error: unknown): string | undefined {
  return isAnswer(error) ? wordOf(error) : undefined;
}

/** The code of the server's answer. It is a constant of the server and contains no text of others. */
function wordOf({ code }: LibsqlError): string {
  return /^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? code : 'an error without a code';
}

/** Errors of a commit in the server's answer after which it has certainly not committed. */
const NOT_COMMITTED = /^(TRANSACTION_|STREAM_EXPIRED|SQLITE_(BUSY|LOCKED|FULL|CONSTRAINT|READONLY|INTERRUPT))/;

/** True if an error of COMMIT means that nothing was committed. After all other errors the outcome is unknown. */
export function isNotCommitted(error: unknown): boolean {
  return isAnswer(error) && NOT_COMMITTED.test(error.code);
}

/** True if the server answered, even with a refusal. The client reports a broken connection by other errors. */
function isAnswer(error: unknown): error is LibsqlError {
  return error instanceof LibsqlError && error.code !== 'HRANA_CLOSED_ERROR' && error.code !== 'HRANA_PROTO_ERROR';
}

function statusOf({ cause }: LibsqlError): number | undefined {
  return typeof cause === 'object' && cause !== null && 'status' in cause ? Number(cause.status) : undefined;
}

/** As in SQLite, the primary code of `SQLITE_CONSTRAINT_UNIQUE` is CONSTRAINT. */
function codeOf({ code }: LibsqlError): number | undefined {
  const [, word = ''] = /^SQLITE_([A-Z]+)/.exec(code) ?? [];
  return PRIMARY_CODES[word];
}

function unreachable(error: unknown): string {
  const text = wordsOf(error);
  if (/ECONNREFUSED/.test(text)) return 'no libSQL server is listening at DB_URL';
  if (/ENOTFOUND|EAI_AGAIN/.test(text)) return 'the host of DB_URL is unknown';
  if (/CERT|certificate|self.signed|SSL|TLS|EPROTO/i.test(text)) {
    return 'no TLS connection to the libSQL server: DB_URL must have the right scheme (https: or http:), and the certificate must be trusted';
  }
  return 'the libSQL server cannot be reached, or closed the connection';
}

/** The answer to a change whose token permits only reads (`"a":"ro"`). */
function isForbidden(error: unknown): boolean {
  return isAnswer(error) && statusOf(error) === 403;
}

/** The codes and messages of an error and its causes. */
function wordsOf(error: unknown): string {
  const words: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    words.push(at.message, 'code' in at ? String(at.code) : '');
    if (at instanceof AggregateError) words.push(...at.errors.map(String));
  }
  return words.join(' ');
}
