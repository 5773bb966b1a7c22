import type { Driver } from './libsql.ts';

type Prepared = Awaited<ReturnType<Driver['prepare']>>;

/**
 * The batches of a long list share one text, which has 24 KB for an export with 60 columns. So do the polls of a
 * scheduler adapter. A longer text contains a list of hundreds of values, and is rarely used again.
 */
const KEPT = { statements: 32, characters: 131_072, charactersOfOne: 32_768 };
/** Limits for statements that are held but unused. A statement takes 10 KB, or 50 times its text with long lists. */
const USED_UP = { statements: 256, characters: 262_144 };

/**
 * The prepared statements of one connection. Statements that ended without an error are reused, because preparing one
 * takes 0.1-0.5 ms, as long as a batch of 100 rows. After an error a statement is not reused, because only SQLite knows
 * what it still holds.
 *
 * No statement is released. libsql finalizes a statement when the garbage collector finds it, on the JS thread, and
 * this waits for the mutex that a running query holds until its end. Until then the query could not be interrupted
 * (measured: for ever). Therefore a connection only collects statements, and reports when it should be replaced.
 */
export class PreparedStatements {
  readonly #db: Driver;
  /** In the order of their last use, the oldest first. */
  readonly #kept = new Map<string, Prepared>();
  #keptCharacters = 0;
  readonly #usedUp: Prepared[] = [];
  #usedUpCharacters = 0;

  constructor(db: Driver) {
    this.#db = db;
  }

  /** True once it holds more statements than a connection should. */
  get full(): boolean {
    return this.#usedUp.length > USED_UP.statements || this.#usedUpCharacters > USED_UP.characters;
  }

  /**
   * Passes a statement with this text to `work` and returns its result. `work` may only call `all()`. After that libsql
   * resets the statement only for another `all()`. A `get()` would bind nothing, without an error, and use the previous
   * parameters (0.5.29).
   */
  async use<Result>(sql: string, work: (statement: Prepared) => Result | Promise<Result>): Promise<Result> {
    // A kept statement is used in the same tick, so a batch can be read while the caller sends the previous one.
    const statement = this.#takeKept(sql) ?? (await this.#db.prepare(sql));
    try {
      const result = await work(statement);
      if (sql.length <= KEPT.charactersOfOne) this.#keep(sql, statement);
      else this.#useUp(sql, statement);
      return result;
    } catch (error) {
      this.#useUp(sql, statement);
      throw error;
    }
  }

  #takeKept(sql: string): Prepared | undefined {
    const known = this.#kept.get(sql);
    if (this.#kept.delete(sql)) this.#keptCharacters -= sql.length;
    return known;
  }

  #keep(sql: string, statement: Prepared): void {
    this.#kept.set(sql, statement);
    this.#keptCharacters += sql.length;
    for (const [oldest, unused] of this.#kept) {
      if (this.#kept.size <= KEPT.statements && this.#keptCharacters <= KEPT.characters) return;
      this.#takeKept(oldest);
      this.#useUp(oldest, unused);
    }
  }

  #useUp(sql: string, statement: Prepared): void {
    this.#usedUp.push(statement);
    this.#usedUpCharacters += sql.length;
  }
}
