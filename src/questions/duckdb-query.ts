/**
 * SQL for DuckDB. The text is ours throughout: names of columns, literals of whole numbers (which typed code made from a number,
 * so that DuckDB can compare them with what it knows of each block), and `$n` for everything else.
 */
export interface DuckDbQuery {
  readonly sql: string;
  readonly parameters: readonly (string | number)[];
}

/** Collects the parameters of one query. */
export class Parameters {
  readonly values: (string | number)[] = [];

  /** The parameter's place in the text. Numbers are DOUBLE. */
  add(value: string | number): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** A whole number as it stands in SQL. Throws for one that is none. */
export function wholeLiteral(value: number | bigint): string {
  return BigInt(value).toString();
}
