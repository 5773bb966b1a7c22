import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../faults.ts';
import { WRITES, type WriteName } from '../writes/all-writes.ts';
import { answerRows } from './answer-rows.ts';
import { bytesOf } from './driver-values.ts';
import type { Sqlite } from './node-sqlite.ts';
import { faultOfSqlite, SQLITE, sqliteCode } from './sqlite-faults.ts';
import type { Transaction, Write } from './transaction.ts';

/** Connects a write with the holder of its deadline. */
export interface WriteGate {
  /** True once the caller no longer waits for the write. The write then stops waiting for the lock. */
  givenUp(): boolean;
  /** Called once if another program holds the lock. */
  locked(): void;
  /** Called once the lock is held. */
  began(): void;
  /** Asks for permission to commit, once, after the last statement. If it is refused, the write rolls back. */
  mayCommit(): Promise<boolean>;
}

/** A requested write. */
interface AskedWrite {
  name: WriteName;
  input: unknown;
  gate: WriteGate;
}

/** Milliseconds between two attempts to get a lock that another program holds. */
const RETRY_MS = 5;

/**
 * Runs a named write as one transaction on a connection of this process. Throws the error of the write, `database_busy`
 * if it was given up before it got the lock, and `deadline_exceeded` if it may not commit. In these cases nothing has
 * changed. Throws `outcome_unknown` if the commit itself failed halfway.
 */
export async function runWrite(db: Sqlite, { name, input, gate }: AskedWrite): Promise<unknown> {
  await begin(db, gate);
  try {
    gate.began();
    const write = WRITES[name] as unknown as Write<unknown, unknown>;
    const output = await write(transactionOn(db), input);
    if (!(await gate.mayCommit()))
      throw new Fault('deadline_exceeded', 'the write was not committed: its deadline passed');
    commit(db);
    return output;
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw faultOfSqlite(error);
  }
}

async function begin(db: Sqlite, gate: WriteGate): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      db.exec('BEGIN IMMEDIATE');
      return;
    } catch (error) {
      if (sqliteCode(error) !== SQLITE.BUSY) throw error;
      if (gate.givenUp()) throw new Fault('database_busy', 'another program held the write lock of the database');
      if (attempt === 1) gate.locked();
      await sleep(RETRY_MS);
    }
  }
}

function commit(db: Sqlite): void {
  try {
    db.exec('COMMIT');
  } catch (error) {
    // The log may contain the frames although the sync failed. Only after `disk full` is it certain that it does not.
    if (sqliteCode(error) !== SQLITE.IOERR) throw error;
    throw new Fault(
      'outcome_unknown',
      'the commit failed halfway: check whether the change was applied before retrying',
      {
        cause: error,
      },
    );
  }
}

function transactionOn(db: Sqlite): Transaction {
  return {
    run: async (sql, parameters = []) => db.runEach(sql, [parameters]),
    runEach: async (sql, rows) => db.runEach(sql, rows),
    async read({ sql, parameters, row }) {
      return answerRows({ json: bytesOf(db.all(sql, parameters)[0]?.['json']) }, row);
    },
  };
}
