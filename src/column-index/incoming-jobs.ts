import {
  BIGINT,
  DOUBLE,
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBInstance,
  INTEGER,
  UTINYINT,
  VARCHAR,
} from '@duckdb/node-api';
import { type Column, columnsOf } from '../questions/index-columns.ts';
import type { Jobs } from './read/job-reader.ts';

const TYPES = { BIGINT, DOUBLE, INTEGER, UTINYINT, VARCHAR } as const;
/** A database in memory. */
const DATABASE = 'incoming';

/**
 * Jobs on their way into the index, in a table in memory. It has a connection of its own, so that jobs are added to one table while DuckDB moves
 * those of another into its file.
 */
export class IncomingJobs {
  /** Its name in SQL. */
  readonly table: string;
  columns: readonly Column[] = [];
  rows = 0;
  readonly #connection: DuckDBConnection;
  readonly #name: string;
  #writer: { readonly appender: DuckDBAppender; readonly chunk: DuckDBDataChunk } | undefined;

  private constructor(connection: DuckDBConnection, name: string) {
    this.#connection = connection;
    this.#name = name;
    this.table = `${DATABASE}.${name}`;
  }

  /** Two tables of a file that was just opened. */
  static async open(instance: DuckDBInstance): Promise<readonly [IncomingJobs, IncomingJobs]> {
    const [one, other] = [await instance.connect(), await instance.connect()];
    await one.run(`ATTACH ':memory:' AS ${DATABASE}`);
    return [new IncomingJobs(one, 'one'), new IncomingJobs(other, 'other')];
  }

  /** Adds up to a chunk of jobs. */
  async add({ rows, footprintKeys, values }: Jobs): Promise<void> {
    const { appender, chunk } = await this.#writerOf(columnsOf(footprintKeys));
    chunk.reset();
    chunk.setColumns(values);
    appender.appendDataChunk(chunk);
    this.rows += rows;
  }

  /** Makes all of them visible. */
  finish(): void {
    this.#writer?.appender.closeSync();
    this.#writer = undefined;
  }

  /** Gives their memory back. */
  async clear(): Promise<void> {
    this.finish();
    await this.#connection.run(`DROP TABLE IF EXISTS ${this.table}`);
    this.columns = [];
    this.rows = 0;
  }

  close(): void {
    this.finish();
    this.#connection.closeSync();
  }

  async #writerOf(columns: readonly Column[]) {
    if (this.#writer !== undefined && columns.length === this.columns.length) return this.#writer;
    this.finish();
    const definitions = columns.slice(this.columns.length).map(({ name, type }) => `${name} ${type}`);
    if (this.columns.length === 0) await this.#connection.run(`CREATE TABLE ${this.table} (${definitions.join(', ')})`);
    else for (const each of definitions) await this.#connection.run(`ALTER TABLE ${this.table} ADD COLUMN ${each}`);
    this.columns = columns;
    this.#writer = {
      appender: await this.#connection.createAppender(this.#name, undefined, DATABASE),
      chunk: DuckDBDataChunk.create(columns.map(({ type }) => TYPES[type])),
    };
    return this.#writer;
  }
}
