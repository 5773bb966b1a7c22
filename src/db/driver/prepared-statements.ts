import type { Driver } from './driver.ts';

type Prepared = Awaited<ReturnType<Driver['prepare']>>;

/** The following batches of a big list have one text, as have the polls of a scheduler adapter. */
const KEPT = 32;
/** A longer text is a list of hundreds of values: a statement of its own, of megabytes, that hardly comes again. */
const KEPT_CHARACTERS = 16_384;
/** Held and of no more use: so many, or so much text. A statement takes 10 KB, or 50 times its text with long lists. */
const USED_UP = { statements: 256, characters: 262_144 };

/**
 * The statements of one connection. Those that ran to their end are used again: preparing one takes 0.1-0.5 ms, as long as a
 * batch of 100 rows. One that failed is not: after an error only SQLite knows what it still holds.
 *
 * None is ever let go. libsql finalizes a statement when the garbage collector finds it, on the JS thread, and that waits for
 * the mutex a running query holds until its end: from then on nobody can interrupt the query (measured: for ever). So a
 * connection only gathers them, and says when it should be replaced by a fresh one.
 */
export class PreparedStatements {
  readonly #db: Driver;
  /** In the order of their use, the least recent first. */
  readonly #kept = new Map<string, Prepared>();
  readonly #usedUp: Prepared[] = [];
  #usedUpCharacters = 0;

  constructor(db: Driver) {
    this.#db = db;
  }

  /** True once it holds more than a connection should. */
  get full(): boolean {
    return this.#usedUp.length > USED_UP.statements || this.#usedUpCharacters > USED_UP.characters;
  }

  /**
   * What `work` makes of a statement with this text. It may call `all()` alone: after that libsql resets a statement only when it is used
   * for `all()` again, and a `get()` binds nothing, without an error, and answers for the parameters of before (0.5.29).
   */
  async use<Result>(sql: string, work: (statement: Prepared) => Result | Promise<Result>): Promise<Result> {
    // One that is there is put to work in this tick: who asks for a batch and then sends the last one does both at once.
    const statement = this.#takeKept(sql) ?? (await this.#db.prepare(sql));
    try {
      const result = await work(statement);
      if (sql.length <= KEPT_CHARACTERS) this.#keep(sql, statement);
      else this.#useUp(sql, statement);
      return result;
    } catch (error) {
      this.#useUp(sql, statement);
      throw error;
    }
  }

  #takeKept(sql: string): Prepared | undefined {
    const known = this.#kept.get(sql);
    this.#kept.delete(sql);
    return known;
  }

  #keep(sql: string, statement: Prepared): void {
    const [oldest] = this.#kept;
    if (this.#kept.size >= KEPT && oldest !== undefined) {
      this.#kept.delete(oldest[0]);
      this.#useUp(...oldest);
    }
    this.#kept.set(sql, statement);
  }

  #useUp(sql: string, statement: Prepared): void {
    this.#usedUp.push(statement);
    this.#usedUpCharacters += sql.length;
  }
}
