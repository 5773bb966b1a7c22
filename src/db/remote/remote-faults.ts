import { LibsqlError } from '@libsql/client/web';
import { Fault } from '../../faults.ts';
import { faultOfCode, PRIMARY_CODES } from '../driver/sqlite-faults.ts';

/** What the server says of its own, beside SQLite's codes. In all of these nothing has happened: the transaction is gone. */
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

/** Errors of a write that say that the server cannot write at all, whoever asks: its disk is full, read-only or broken. */
const CANNOT_WRITE = /^(SQLITE_(IOERR|FULL|READONLY|CANTOPEN|PERM|CORRUPT|NOTADB)|BLOCKED)/;

/** Where the server cannot be used, and why; what a caller may do about it stands in docs/errors.md. */
const REFUSALS: Readonly<Record<number, string>> = {
  401: 'the libSQL server rejected DB_AUTH_TOKEN',
  403: 'the libSQL server rejected DB_AUTH_TOKEN',
  404: 'there is no database at DB_URL',
};

/** Any error of the client as a fault. Its own text may hold SQL or an address, and stays in the cause. */
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

/** The same of a statement that stores something. */
export function faultOfChange(error: unknown): Fault {
  if (isAnswer(error) && isTooBig(error)) return new Fault('body_too_large', TOO_BIG_TO_STORE, { cause: error });
  if (isAnswer(error) && error.code.startsWith('SQLITE_IOERR')) {
    return new Fault('disk_full', `the libSQL server cannot write (${wordOf(error)})`, { cause: error });
  }
  return faultOfRemote(error);
}

/** The server's word for its error among the causes of this one, if it says that no write can succeed. */
export function whyNoWrites(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (isAnswer(at) && CANNOT_WRITE.test(at.code)) return wordOf(at);
  }
  return undefined;
}

/** The result of a call of the client, its error as a fault: what else goes wrong is a mistake of ours, and stays one. */
export async function ofServer<Result>(call: Promise<Result>, faultOf = faultOfRemote): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    throw faultOf(error);
  }
}

const MOST_BYTES = '5,000,000 bytes';
const TOO_BIG = `a value or row of the result exceeds the limit of libSQL servers (${MOST_BYTES})`;
const TOO_BIG_TO_STORE = `a value or row to be stored exceeds the limit of libSQL servers (${MOST_BYTES})`;

/** SQLite's SQLITE_LIMIT_LENGTH, which sqld sets to 5,000,000 bytes: of a parameter, of a value made of others, or of a row. */
function isTooBig({ code, message }: LibsqlError): boolean {
  return code === 'SQLITE_TOOBIG' || (code === 'ARGS_INVALID' && message.endsWith('too big'));
}

/** The server's word for an error that it answered; undefined for one of the connection. */
export function serverWord(error: unknown): string | undefined {
  return isAnswer(error) ? wordOf(error) : undefined;
}

/** The code of an answer of the server, which is a word of its own and no text of anybody else. */
function wordOf({ code }: LibsqlError): string {
  return /^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? code : 'an error without a code';
}

/** Errors of a commit that the server answered, and after which it is sure to have kept nothing. */
const NOT_COMMITTED = /^(TRANSACTION_|STREAM_EXPIRED|SQLITE_(BUSY|LOCKED|FULL|CONSTRAINT|READONLY|INTERRUPT))/;

/** Whether an error of COMMIT says that nothing was kept. Of all others nobody knows. */
export function isNotCommitted(error: unknown): boolean {
  return isAnswer(error) && NOT_COMMITTED.test(error.code);
}

/** Whether the server answered, if only to refuse. What the client makes of a broken connection is an error of another kind. */
function isAnswer(error: unknown): error is LibsqlError {
  return error instanceof LibsqlError && error.code !== 'HRANA_CLOSED_ERROR' && error.code !== 'HRANA_PROTO_ERROR';
}

function statusOf({ cause }: LibsqlError): number | undefined {
  return typeof cause === 'object' && cause !== null && 'status' in cause ? Number(cause.status) : undefined;
}

/** `SQLITE_CONSTRAINT_UNIQUE` is the primary code CONSTRAINT, as everywhere. */
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

/** The codes and texts of an error and its causes. */
function wordsOf(error: unknown): string {
  const words: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    words.push(at.message, 'code' in at ? String(at.code) : '');
    if (at instanceof AggregateError) words.push(...at.errors.map(String));
  }
  return words.join(' ');
}
