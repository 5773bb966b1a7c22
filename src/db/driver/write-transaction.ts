import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../faults.ts';
import { WRITES, type WriteName } from '../writes/index.ts';
import { answerRows } from './answer-rows.ts';
import { bytesOf } from './driver-values.ts';
import type { Sqlite } from './sqlite.ts';
import { faultOfSqlite, SQLITE, sqliteCode } from './sqlite-faults.ts';
import type { Transaction, Write } from './transaction.ts';

/** What a write asks of the one who holds its deadline. */
export interface WriteGate {
  /** True once nobody waits for the write any more: it stops waiting for the lock. */
  givenUp(): boolean;
  /** Told once when somebody else holds the lock. */
  locked(): void;
  /** Told once the lock is held. */
  began(): void;
  /** "May I commit?": asked once, after the last statement. No rolls back. */
  mayCommit(): Promise<boolean>;
}

/** A write that was asked for. */
interface AskedWrite {
  name: WriteName;
  input: unknown;
  gate: WriteGate;
}

/** Between two tries to get the lock that another program holds, milliseconds. */
const RETRY_MS = 5;

/**
 * One named write as one transaction on a connection of this process. Throws what the write throws, `database_busy` when it was given
 * up before it got the lock, `deadline_exceeded` when it may not commit; in all of these nothing has happened. `outcome_unknown`: the
 * commit itself failed half way.
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
    // The frames may be in the log although the sync failed: only a full disk is sure to have left nothing behind.
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
