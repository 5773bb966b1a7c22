import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ExportColumn } from '../jobs/export-columns.ts';
import type { Cell, TableRow } from '../jobs/export-format.ts';
import { StartupError } from '../startup-error.ts';

/** The columns whose texts are replaced, and the word with which a pseudonym begins. */
const NAMED = {
  user: 'user',
  project: 'project',
  jobName: 'name',
  hosts: 'host',
  tags: 'tag',
} as const satisfies Partial<Record<ExportColumn, string>>;
type Kind = (typeof NAMED)[keyof typeof NAMED];

const LEAST_KEY_BYTES = 32;
/** Pseudonyms that are remembered: making one takes longer than everything else about a row. They take 20 MB. */
const MOST_REMEMBERED = 100_000;
/** 80 bits: a billion names have equal pseudonyms with a probability of 10^-6. */
const PSEUDONYM_DIGITS = 20;

/** Returns the key in a file, or a random one. Throws StartupError. */
export async function pseudonymKey(path: string | undefined): Promise<Buffer> {
  if (path === undefined) return randomBytes(LEAST_KEY_BYTES);
  const key = await readFile(path);
  if (key.length >= LEAST_KEY_BYTES) return key;
  throw new StartupError(
    `${path} must have at least ${LEAST_KEY_BYTES} bytes: head -c ${LEAST_KEY_BYTES} /dev/urandom`,
  );
}

/** Returns a function that replaces the names in a row. With one key, a name always has the same pseudonym. */
export function pseudonymizer(key: Buffer): (row: TableRow) => TableRow {
  const remembered = new Map<string, string>();
  const pseudonym = (kind: Kind, name: string) => {
    if (name === '') return '';
    const named = `${kind}:${name}`;
    const known = remembered.get(named);
    if (known !== undefined) return known;
    const digest = createHmac('sha256', key).update(named).digest('hex');
    const made = `${kind}-${digest.slice(0, PSEUDONYM_DIGITS)}`; // the word keeps spreadsheets from reading it as a number
    if (remembered.size === MOST_REMEMBERED) remembered.clear();
    remembered.set(named, made);
    return made;
  };
  const replaced = (kind: Kind, value: Cell) => {
    if (typeof value === 'string') return pseudonym(kind, value);
    return Array.isArray(value) ? value.map((name) => pseudonym(kind, name)) : value;
  };
  const isNamed = (column: string): column is keyof typeof NAMED => Object.hasOwn(NAMED, column);
  return (row) =>
    Object.fromEntries(
      Object.entries(row).map(([column, value = null]) => [
        column,
        isNamed(column) ? replaced(NAMED[column], value) : value,
      ]),
    );
}
