import type { InStatement, Transaction as RemoteTransaction, ResultSet } from '@libsql/client/web';
import { answerRows } from '../driver/answer-rows.ts';
import { bound, bytesOf } from '../driver/driver-values.ts';
import type { Transaction } from '../driver/transaction.ts';
import type { SqlValue } from '../statement.ts';
import { faultOfChange, faultOfRemote, ofServer } from './remote-faults.ts';

/** Statements sent in one request. */
const MOST_AT_ONCE = 200;

export interface CountedTransaction extends Transaction {
  /** Rows that its statements have changed so far. */
  changed(): number;
}

/**
 * The operations of a write on a transaction of the server. The first failed statement ends it. The server may have
 * rolled back by itself, and a later statement would then run outside of the transaction and be kept (measured). After
 * `expired` has fired no statement is sent. The first exchange contains the BEGIN, which may wait for the lock. It is
 * passed to `begins`.
 */
export function transactionOn(
  remote: RemoteTransaction,
  expired: AbortSignal,
  begins = (first: Promise<ResultSet[]>) => first,
): CountedTransaction {
  let failed: { error: unknown } | undefined;
  let begun = false;
  let changed = 0;
  const send = async (statements: InStatement[], faultOf: typeof faultOfRemote): Promise<ResultSet[]> => {
    if (failed !== undefined) throw failed.error;
    expired.throwIfAborted();
    try {
      const sent = remote.batch(statements);
      const answer = begun ? sent : begins(sent);
      begun = true;
      return await ofServer(answer, faultOf);
    } catch (error) {
      failed = { error };
      throw error;
    }
  };
  const runEach = async (sql: string, rows: readonly (readonly SqlValue[])[]) => {
    let changes = 0;
    for (let at = 0; at < rows.length; at += MOST_AT_ONCE) {
      const statements = rows.slice(at, at + MOST_AT_ONCE).map((row) => ({ sql, args: row.map(bound) }));
      for (const { rowsAffected } of await send(statements, faultOfChange)) changes += rowsAffected;
    }
    changed += changes;
    return changes;
  };
  return {
    run: (sql, parameters = []) => runEach(sql, [parameters]),
    runEach,
    async read({ sql, parameters, row }) {
      const [result] = await send([{ sql, args: parameters.map(bound) }], faultOfRemote);
      return answerRows({ json: bytesOf(result?.rows[0]?.['json']) }, row);
    },
    changed: () => changed,
  };
}
