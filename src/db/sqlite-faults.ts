import { Fault, type FaultCode } from '../faults.ts';

/** Primary result codes (https://www.sqlite.org/rescode.html) that have a fault of their own. */
const FAULT_OF_CODE: Readonly<Record<number, { code: FaultCode; message: string }>> = {
  5: { code: 'database_busy', message: 'another program holds the lock of the database' },
  6: { code: 'database_busy', message: 'a table of the database is locked' },
  7: { code: 'memory_limit_exceeded', message: 'the query needed more memory than its connection may take' },
  8: { code: 'read_only', message: 'the database cannot be written' },
  9: { code: 'deadline_exceeded', message: 'the query was interrupted' },
  13: { code: 'disk_full', message: 'no space is left for the database or its temporary files' },
  18: { code: 'memory_limit_exceeded', message: 'a value of the answer is larger than SQLite allows' },
};

export const SQLITE = { BUSY: 5, NOMEM: 7, INTERRUPT: 9, IOERR: 10, NOTADB: 26 } as const;

/** Primary result codes by their words, as a libSQL server sends them. */
export const PRIMARY_CODES: Readonly<Record<string, number>> = {
  BUSY: 5,
  LOCKED: 6,
  NOMEM: 7,
  READONLY: 8,
  INTERRUPT: 9,
  IOERR: 10,
  FULL: 13,
  TOOBIG: 18,
};

/** The primary result code of an error of the driver, or undefined for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('rawCode' in error)) return undefined;
  return typeof error.rawCode === 'number' ? error.rawCode & 0xff : undefined;
}

/** Any error of the driver as a fault; its own text may hold SQL and stays in the cause. */
export function faultOfSqlite(error: unknown): Fault {
  return error instanceof Fault ? error : faultOfCode(sqliteCode(error), error);
}

/** The fault of a primary result code. */
export function faultOfCode(code: number | undefined, cause: unknown): Fault {
  const known = code === undefined ? undefined : FAULT_OF_CODE[code];
  return new Fault(known?.code ?? 'internal', known?.message ?? 'the database answered with an error', {
    cause,
  });
}
