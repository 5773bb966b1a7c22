/**
 * SQL for DuckDB. It contains no user input: only column names, literals of whole numbers, and `$n` for everything
 * else. The literals are created from typed numbers, so that DuckDB can compare them with its statistics of each block.
 */
export interface DuckDbQuery {
  readonly sql: string;
  readonly parameters: readonly (string | number)[];
}

/** Collects the parameters of one query. */
export class Parameters {
  readonly values: (string | number)[] = [];

  /** Adds a parameter and returns its placeholder. Numbers are DOUBLE. */
  add(value: string | number): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** A whole number as SQL. Throws for other numbers. */
export function wholeLiteral(value: number | bigint): string {
  return BigInt(value).toString();
}
