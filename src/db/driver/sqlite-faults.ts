import { Fault, type FaultCode } from '../../faults.ts';

/** Primary result codes (https://www.sqlite.org/rescode.html) with a fault of their own. */
const FAULT_OF_CODE: Readonly<Record<number, { code: FaultCode; message: string }>> = {
  5: { code: 'database_busy', message: 'another program has locked the database' },
  6: { code: 'database_busy', message: 'a table of the database is locked' },
  7: { code: 'memory_limit_exceeded', message: 'the query exceeded the memory limit of its connection' },
  8: { code: 'read_only', message: 'the database is not writable' },
  9: { code: 'deadline_exceeded', message: 'the query was interrupted' },
  11: { code: 'database_damaged', message: 'the database file is damaged' },
  13: { code: 'disk_full', message: 'no space is left for the database or its temporary files' },
  18: { code: 'memory_limit_exceeded', message: 'a value of the result exceeds the limit of SQLite' },
  26: { code: 'database_damaged', message: 'the database file is damaged: it is not an SQLite database' },
};

export const SQLITE = { BUSY: 5, NOMEM: 7, READONLY: 8, INTERRUPT: 9, IOERR: 10, CORRUPT: 11, NOTADB: 26 } as const;

/** Primary result codes by the names that a libSQL server sends. */
export const PRIMARY_CODES: Readonly<Record<string, number>> = {
  BUSY: 5,
  LOCKED: 6,
  NOMEM: 7,
  READONLY: 8,
  INTERRUPT: 9,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  TOOBIG: 18,
  NOTADB: 26,
};

/** The primary result code of a driver error. Undefined for other errors. */
export function sqliteCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  // libsql has it in `rawCode`, Node's SQLite in `errcode`. Both may be extended codes.
  const code = 'rawCode' in error ? error.rawCode : 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' ? code & 0xff : undefined;
}

/** Converts a driver error to a fault. Its text may contain SQL, so it goes to the cause only. */
export function faultOfSqlite(error: unknown): Fault {
  return error instanceof Fault ? error : faultOfCode(sqliteCode(error), error);
}

/** The fault of a primary result code. */
export function faultOfCode(code: number | undefined, cause: unknown): Fault {
  const known = code === undefined ? undefined : FAULT_OF_CODE[code];
  return new Fault(known?.code ?? 'internal', known?.message ?? 'the database returned an error', {
    cause,
  });
}
