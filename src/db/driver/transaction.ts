import type { SqlValue, Statement } from '../statement.ts';

/** The operations of a write. All of them are one transaction, which the first failed statement ends. */
export interface Transaction {
  /** Runs a statement without a result. Returns the number of changed rows. */
  run(sql: string, parameters?: readonly SqlValue[]): Promise<number>;
  /** Prepares a statement and runs it once for each row of parameters. Returns the total number of changed rows. */
  runEach(sql: string, rows: readonly (readonly SqlValue[])[]): Promise<number>;
  /** Reads inside the transaction. */
  read<Row>(statement: Statement<Row>): Promise<Row[]>;
}

/**
 * A write as the process that runs it knows it: it has a name and is never sent as a closure. `Input` and `Output` are
 * sent between processes by structured clone.
 */
export type Write<Input, Output> = (tx: Transaction, input: Input) => Promise<Output>;
