import type { SqlValue, Statement } from '../statement.ts';

/** What a write may do. All of it is one transaction: the first failed statement ends it. */
export interface Transaction {
  /** Runs a statement that answers nothing of interest. Returns how many rows it changed. */
  run(sql: string, parameters?: readonly SqlValue[]): Promise<number>;
  /** Runs one statement for each row of parameters: prepared once. Returns how many rows all of them changed. */
  runEach(sql: string, rows: readonly (readonly SqlValue[])[]): Promise<number>;
  /** Reads inside the transaction. */
  read<Row>(statement: Statement<Row>): Promise<Row[]>;
}

/**
 * A write as it is known to the process that runs it: named, never a closure sent around. `Input` and `Output` cross a
 * process boundary by structured clone.
 */
export type Write<Input, Output> = (tx: Transaction, input: Input) => Promise<Output>;
