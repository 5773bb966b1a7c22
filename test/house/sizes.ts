import { basename } from 'node:path';
import type { SourceFile } from './imports.ts';

/** The most lines of a file. */
export const LONGEST = 300;

/** File names that each folder of a question, page or program uses. */
const EVERYWHERE = ['question.ts', 'sqlite.ts', 'duckdb.ts', 'content.ts', 'program.ts'];

/** Names used by more than two files. Such names make files hard to find in an editor. */
export function repeatedNames(files: readonly SourceFile[]): [string, string[]][] {
  const byName = new Map<string, string[]>();
  for (const { path } of files) {
    const name = basename(path);
    byName.set(name, [...(byName.get(name) ?? []), path]);
  }
  return [...byName].filter(([name, paths]) => paths.length > 2 && !EVERYWHERE.includes(name));
}
