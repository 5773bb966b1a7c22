/** Errors of a libSQL server as faults: from a real server where it can be provoked, and for every code that it has. */
import { createClient, LibsqlError } from '@libsql/client/web';
import { expect, onTestFinished, test } from 'vitest';
import { migrateRemote } from '../../../src/db/remote/migrate-remote.ts';
import { openRemote } from '../../../src/db/remote/open-remote.ts';
import { faultOfChange, faultOfRemote } from '../../../src/db/remote/remote-faults.ts';
import type { FaultCode } from '../../../src/faults.ts';
import { libsqlServer } from '../../support/libsql-server.ts';
import { oneJob } from '../../support/one-job.ts';
import { asked, small, within } from '../../support/pool.ts';

/** Limit for a parameter, a computed value and a row: SQLITE_LIMIT_LENGTH of sqld. */
const MOST_BYTES = 5_000_000;
const TAKES = /to be stored exceeds the limit of libSQL servers \(5,000,000 bytes\)/;

async function ready() {
  const { url } = await libsqlServer();
  await migrateRemote({ url });
  const db = openRemote({ url, mostAtOnce: 16, heartbeat: false });
  onTestFinished(() => db.close(200));
  const store = (bytes: number) =>
    db.write('insertJobs', { rows: [oneJob({ metaData: metaDataOf(bytes) })], tags: [] }, within(20_000));
  return { url, db, store };
}

/** Metadata with this size as JSON. */
const metaDataOf = (bytes: number) => ({ b: 'x'.repeat(bytes - '{"b":""}'.length) });

test.each([
  ['that no parameter may have', MOST_BYTES + 1],
  ['that a parameter may have, and no row', MOST_BYTES],
])('a value of a size %s is body_too_large', async (_, bytes) => {
  const { db, store } = await ready();
  await expect(store(bytes)).rejects.toMatchObject({
    code: 'body_too_large',
    status: 413,
    message: expect.stringMatching(TAKES),
  });
  await store(MOST_BYTES - 1_000); // below the limit with the rest of the row
  expect(await db.read(small(1), within(10_000))).toEqual([{ answer: 1 }]);
});

test('an answer that is too large is memory_limit_exceeded, whether it is one value or many', async () => {
  const { url, db } = await ready();
  const value = `SELECT CAST(hex(zeroblob(${MOST_BYTES / 2 + 1})) AS BLOB) AS json`;
  await expect(db.read(asked(value), within(10_000))).rejects.toMatchObject({
    code: 'memory_limit_exceeded',
    message: expect.stringContaining('5,000,000 bytes'),
  });
  const client = createClient({ url });
  const many = client.execute(
    'WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT hex(zeroblob(1000000)) FROM n',
  );
  expect(faultOfRemote(await many.catch((error: unknown) => error))).toMatchObject({
    code: 'memory_limit_exceeded',
    message: expect.stringContaining('--max-response-size'),
  });
});

/** Every code of sqld 0.24.32 (`strings sqld`) and its fault: of a read, and of a write if it differs. */
const WORDS: readonly [word: string, read: FaultCode, change?: FaultCode][] = [
  ['SQL_PARSE_ERROR', 'internal'],
  ['SQL_MANY_STATEMENTS', 'internal'],
  ['SQL_NO_STATEMENT', 'internal'],
  ['SQL_INPUT_ERROR', 'internal'],
  ['SQL_STORE_TOO_MANY', 'internal'],
  ['SQL_STORE_TOO_LARGE', 'internal'],
  ['ARGS_INVALID', 'internal'],
  ['ARGS_BOTH_POSITIONAL_AND_NAMED', 'internal'],
  ['BLOCKED', 'remote_unavailable'],
  ['PROXY_ERROR', 'remote_unavailable'],
  ['NAMESPACE_DOESNT_EXIST', 'remote_unavailable'],
  ['TRANSACTION_TIMEOUT', 'database_busy'],
  ['TRANSACTION_BUSY', 'database_busy'],
  ['STREAM_EXPIRED', 'connection_lost'],
  ['STREAM_NOT_OPEN', 'connection_lost'],
  ['TRANSACTION_CLOSED', 'connection_lost'],
  ['RESPONSE_TOO_LARGE', 'memory_limit_exceeded'],
  ['SCHEMA_MIGRATION_ERROR', 'internal'],
  ['SQLITE_INTERNAL', 'internal'],
  ['SQLITE_PERM', 'internal'],
  ['SQLITE_ABORT', 'internal'],
  ['SQLITE_BUSY', 'database_busy'],
  ['SQLITE_BUSY_SNAPSHOT', 'database_busy'],
  ['SQLITE_LOCKED', 'database_busy'],
  ['SQLITE_NOMEM', 'memory_limit_exceeded'],
  ['SQLITE_READONLY', 'read_only'],
  ['SQLITE_INTERRUPT', 'deadline_exceeded'],
  ['SQLITE_IOERR', 'internal', 'disk_full'],
  ['SQLITE_IOERR_WRITE', 'internal', 'disk_full'],
  ['SQLITE_CORRUPT', 'database_damaged'],
  ['SQLITE_NOTFOUND', 'internal'],
  ['SQLITE_FULL', 'disk_full'],
  ['SQLITE_CANTOPEN', 'internal'],
  ['SQLITE_PROTOCOL', 'internal'],
  ['SQLITE_SCHEMA', 'internal'],
  ['SQLITE_TOOBIG', 'memory_limit_exceeded', 'body_too_large'],
  ['SQLITE_CONSTRAINT', 'internal'],
  ['SQLITE_MISMATCH', 'internal'],
  ['SQLITE_MISUSE', 'internal'],
  ['SQLITE_NOLFS', 'internal'],
  ['SQLITE_AUTH', 'internal'],
  ['SQLITE_RANGE', 'internal'],
  ['SQLITE_NOTADB', 'database_damaged'],
  ['SQLITE_UNKNOWN', 'internal'],
];

test.each(WORDS)('%s is %s', (word, read, change = read) => {
  const error = new LibsqlError(`near "secret": http://10.0.0.1`, word);
  for (const [fault, code] of [
    [faultOfRemote(error), read],
    [faultOfChange(error), change],
  ] as const) {
    expect(fault).toMatchObject({ code, cause: error });
    expect(fault.message).not.toMatch(/secret|10\.0/);
    if (code === 'internal') expect(fault.message).toBe(`the libSQL server responded with ${word}`);
  }
});

test('a code that is none is not repeated', () => {
  const error = new LibsqlError('no', 'SELECT secret');
  expect(faultOfRemote(error).message).toBe('the libSQL server responded with an error without a code');
});
