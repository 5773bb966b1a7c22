import type { Transaction } from '../driver/transaction.ts';
import { createIndexSql, LEAN_INDEXES } from '../schema/lean-indexes.ts';
import { plainRows } from '../statement.ts';

/**
 * A bulk import into an empty table drops the lean indexes and builds them at the end: this imports 75,000 instead of
 * 22,000 rows/s, and an index is built at 230,000 rows/s. This table lists the dropped indexes. It is written in the
 * same transaction as the DROP, so that the file of an interrupted import records what it lacks. It is removed when no
 * index is missing.
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
  /** Names of lean indexes that the file should have but lacks. The write `createIndex` builds each of them. */
  missing: string[];
}

/** The indexes that an interrupted bulk import did not build. */
export async function missingIndexes(tx: Transaction, _input: Record<string, never>): Promise<IndexesOutput> {
  const [table] = await tx.read(tableNames);
  if (table === undefined) return { missing: [] };
  const names = await tx.read(owedNames);
  return { missing: names.map(({ name }) => name) };
}

/** Drops the lean indexes of an empty table. A table with jobs keeps its indexes. */
export async function dropIndexes(tx: Transaction, input: Record<string, never>): Promise<IndexesOutput> {
  const [job] = await tx.read(someJob);
  if (job !== undefined) return await missingIndexes(tx, input);
  // Keep an index that has one of these names but other columns: cc-jobs did not create it.
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

/** Builds one missing index. Does nothing if the index is not missing. Takes about 4 s for a million jobs. */
export async function createIndex(tx: Transaction, { name }: { name: string }): Promise<IndexesOutput> {
  const { missing } = await missingIndexes(tx, {});
  if (!missing.includes(name)) return { missing };
  // Ignore a name that is not a lean index. Another program may have written the table.
  if (Object.hasOwn(LEAN_INDEXES, name)) {
    const there = (await tx.read(indexes)).some((index) => index.name === name);
    if (!there) await tx.run(createIndexSql(name));
  }
  await tx.run(`DELETE FROM ${OWED} WHERE name = ?`, [name]);
  const left = missing.filter((other) => other !== name);
  if (left.length === 0) await tx.run(`DROP TABLE ${OWED}`);
  return { missing: left };
}
