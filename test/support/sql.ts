import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql/promise';
import { z } from 'zod';
import type { Page } from '../../src/db/port.ts';
import type { PageStatement, SqlValue, Statement } from '../../src/db/statement.ts';
import type { NextBatches } from '../../src/questions/list/read-ahead.ts';
import { makeFolder, removeFolder } from './folder.ts';
import { migratedFile } from './migrated-file.ts';

type Connection = InstanceType<typeof Database>;
/** libsql 0.5.29 returns a BLOB as Buffer or ArrayBuffer. */
const blob = z.custom<ArrayBuffer | Uint8Array>((value) => value instanceof ArrayBuffer || ArrayBuffer.isView(value));

/** A page with its text. */
export interface TextPage<More> extends Page<More> {
  text: string;
}

/** A separate database file as `migrate` makes it, for statements in this process. */
export class TestDatabase {
  readonly #connection: Connection;
  readonly #folder: string;

  constructor(connection: Connection, folder: string) {
    this.#connection = connection;
    this.#folder = folder;
  }

  async exec(sql: string): Promise<void> {
    await this.#connection.exec(sql);
  }

  /** Rows as the driver returns them. If a text may be invalid UTF-8, select only BLOBs and numbers. */
  async all(sql: string, parameters: readonly SqlValue[] = []): Promise<unknown[]> {
    const statement = await this.#connection.prepare(sql);
    return statement.all(parameters.map(bound));
  }

  async read<Row>(statement: Statement<Row>): Promise<Row[]> {
    const [row] = z.tuple([z.object({ json: blob })]).parse(await this.all(statement.sql, statement.parameters));
    return z
      .array(z.unknown())
      .parse(JSON.parse(decode(row.json)))
      .map((one) => statement.row.parse(one));
  }

  async readPage<More>(statement: PageStatement<More>): Promise<TextPage<More>> {
    const shape = z.object({ json: blob, rows: z.int(), more: blob });
    const [row] = z.tuple([shape]).parse(await this.all(statement.sql, statement.parameters));
    return {
      bytes: new Uint8Array(
        row.json instanceof ArrayBuffer
          ? row.json
          : row.json.buffer.slice(row.json.byteOffset, row.json.byteOffset + row.json.byteLength),
      ),
      text: decode(row.json),
      rows: row.rows,
      more: statement.more.parse(JSON.parse(decode(row.more))),
    };
  }

  /** The path of the file, for another connection. */
  get path(): string {
    return join(this.#folder, 'job.db');
  }

  /** All batches of a list. */
  async batches<More>(next: NextBatches<More>, width = 1): Promise<TextPage<More>[]> {
    const batches: TextPage<More>[] = [];
    for (let now = await next(undefined, width); now.length > 0; now = await next(batches.at(-1), width)) {
      for (const statement of now) batches.push(await this.readPage(statement));
    }
    return batches;
  }

  /** The lines of EXPLAIN QUERY PLAN. */
  async plan({ sql, parameters }: { sql: string; parameters: readonly SqlValue[] }): Promise<string[]> {
    const rows = await this.all(`EXPLAIN QUERY PLAN ${sql}`, parameters);
    return z
      .array(z.object({ detail: z.string() }))
      .parse(rows)
      .map(({ detail }) => detail);
  }

  close(): void {
    this.#connection.close();
    removeFolder(this.#folder);
  }
}

/** `lean` has the indexes of a new file, `cc-backend` those of a file that cc-backend made. */
export async function testDatabase(indexes: 'lean' | 'cc-backend' = 'lean'): Promise<TestDatabase> {
  const folder = makeFolder();
  const path = join(folder, 'job.db');
  if (indexes === 'cc-backend') await makeCcBackendFile(path);
  await migratedFile(path);
  return new TestDatabase(new Database(path, {}), folder);
}

/** A file as cc-backend makes one. `first` runs before there are tables. */
export async function makeCcBackendFile(path: string, first = ''): Promise<void> {
  const text = (name: string) => readFileSync(join(import.meta.dirname, name), 'utf8');
  const db = new Database(path, {});
  await db.exec(first + text('../../migrations/0001_schema_11.sql') + text('../fixtures/cc-backend-indexes.sql'));
  db.close();
}

function decode(bytes: ArrayBuffer | Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** Binds integers as 64-bit integers, as the connection processes do. */
function bound(value: SqlValue): SqlValue {
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
}
