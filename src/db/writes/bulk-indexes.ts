import type { Transaction } from '../driver/transaction.ts';
import { createIndexSql, LEAN_INDEXES } from '../schema/lean-indexes.ts';
import { plainRows } from '../statement.ts';

/**
 * A bulk import into an empty table drops the lean indexes and builds them last: 22,000 rows/s become 75,000, and an index
 * is built at 230,000 rows/s. What is owed stands in this table of our own, in the same transaction as the DROP, so that a
 * file whose import was cut off says what it lacks; it is gone when nothing is owed.
 */
const OWED = 'ccjobs_missing_indexes';

interface Name {
  name: string;
}

const tableNames = plainRows<Name>('owedTable', ['name'], 'SELECT name FROM sqlite_schema WHERE name = ?', [OWED]);
const owedNames = plainRows<Name>('owedIndexes', ['name'], `SELECT name FROM ${OWED} ORDER BY rowid`);
const someJob = plainRows<Name>('someJob', ['name'], "SELECT 'job' AS name FROM job LIMIT 1");
const indexes = plainRows<Name & { sql: string }>(
  'indexesOfJob',
  ['name', 'sql'],
  "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'job' AND sql IS NOT NULL ORDER BY rowid",
);

export interface IndexesOutput {
  /** Names of lean indexes the file should have and has not; each is made by the write `createIndex`. */
  missing: string[];
}

/** What an earlier bulk import that was cut off still owes. */
export async function missingIndexes(tx: Transaction, _input: Record<string, never>): Promise<IndexesOutput> {
  const [table] = await tx.read(tableNames);
  if (table === undefined) return { missing: [] };
  const names = await tx.read(owedNames);
  return { missing: names.map(({ name }) => name) };
}

/** Drops the lean indexes of an empty table. A table with jobs in it keeps what it has. */
export async function dropIndexes(tx: Transaction, input: Record<string, never>): Promise<IndexesOutput> {
  const [job] = await tx.read(someJob);
  if (job !== undefined) return await missingIndexes(tx, input);
  // An index of the same name and other columns is somebody else's: it stays.
  const ours = (await tx.read(indexes)).filter(
    ({ name, sql: text }) => Object.hasOwn(LEAN_INDEXES, name) && text === createIndexSql(name),
  );
  if (ours.length > 0) {
    await tx.run(`CREATE TABLE IF NOT EXISTS ${OWED} (name TEXT NOT NULL PRIMARY KEY) STRICT`);
    await tx.runEach(
      `INSERT OR IGNORE INTO ${OWED} (name) VALUES (?)`,
      ours.map(({ name }) => [name]),
    );
    for (const { name } of ours) await tx.run(`DROP INDEX ${name}`);
  }
  return await missingIndexes(tx, input);
}

/** Makes one missing index; nothing happens for a name that is not missing. About 4 s for a million jobs. */
export async function createIndex(tx: Transaction, { name }: { name: string }): Promise<IndexesOutput> {
  const { missing } = await missingIndexes(tx, {});
  if (!missing.includes(name)) return { missing };
  // A name that is none of ours (the table was written by somebody else) makes no index.
  if (Object.hasOwn(LEAN_INDEXES, name)) {
    const there = (await tx.read(indexes)).some((index) => index.name === name);
    if (!there) await tx.run(createIndexSql(name));
  }
  await tx.run(`DELETE FROM ${OWED} WHERE name = ?`, [name]);
  const left = missing.filter((other) => other !== name);
  if (left.length === 0) await tx.run(`DROP TABLE ${OWED}`);
  return { missing: left };
}
