import {
  BIGINT,
  DOUBLE,
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBInstance,
  UTINYINT,
  VARCHAR,
} from '@duckdb/node-api';
import { COLUMNS, type Column, columnsOf, wideType } from '../questions/index-columns.ts';
import type { Jobs } from './source/job-reader.ts';

/** The types of table `wide_job`, which hold any value. */
const TYPES = { BIGINT, DOUBLE, INTEGER: BIGINT, UTINYINT, VARCHAR } as const;
/** The position of the column in the jobs that are read. */
const WIDE_ID = COLUMNS.findIndex(({ name }) => name === 'wide_id');
/** Name of an in-memory database. */
const DATABASE = 'incoming';

/**
 * Jobs to be added to the index, in an in-memory table. The table has its own connection: jobs can be added to one
 * table while DuckDB moves the jobs of another into the index file.
 */
export class IncomingJobs {
  /** The qualified name of the table in SQL. */
  readonly table: string;
  columns: readonly Column[] = [];
  rows = 0;
  /** True if some of the jobs belong into table `wide_job`. */
  hasWide = false;
  readonly #connection: DuckDBConnection;
  readonly #name: string;
  #writer: { readonly appender: DuckDBAppender; readonly chunk: DuckDBDataChunk } | undefined;

  private constructor(connection: DuckDBConnection, name: string) {
    this.#connection = connection;
    this.#name = name;
    this.table = `${DATABASE}.${name}`;
  }

  /** Creates the two tables of a newly opened file. */
  static async open(instance: DuckDBInstance): Promise<readonly [IncomingJobs, IncomingJobs]> {
    const [one, other] = [await instance.connect(), await instance.connect()];
    await one.run(`ATTACH ':memory:' AS ${DATABASE}`);
    return [new IncomingJobs(one, 'one'), new IncomingJobs(other, 'other')];
  }

  /** Adds at most one chunk of jobs. */
  async add({ rows, footprintKeys, values }: Jobs): Promise<void> {
    const { appender, chunk } = await this.#writerOf(columnsOf(footprintKeys));
    chunk.reset();
    chunk.setColumns(values);
    appender.appendDataChunk(chunk);
    this.rows += rows;
    this.hasWide ||= values[WIDE_ID]?.some((id) => id !== null) ?? false;
  }

  /** Makes all added jobs visible to queries. */
  finish(): void {
    this.#writer?.appender.closeSync();
    this.#writer = undefined;
  }

  /** Drops the table to free its memory. */
  async clear(): Promise<void> {
    this.finish();
    await this.#connection.run(`DROP TABLE IF EXISTS ${this.table}`);
    this.columns = [];
    this.rows = 0;
    this.hasWide = false;
  }

  close(): void {
    this.finish();
    this.#connection.closeSync();
  }

  async #writerOf(columns: readonly Column[]) {
    if (this.#writer !== undefined && columns.length === this.columns.length) return this.#writer;
    this.finish();
    const definitions = columns.slice(this.columns.length).map((column) => `${column.name} ${wideType(column)}`);
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
