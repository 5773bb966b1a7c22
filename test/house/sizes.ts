import { basename } from 'node:path';
import type { SourceFile } from './imports.ts';

/** Lines of the longest file. The table of settings has one entry each. */
export const LONGEST = 300;
export const MAY_BE_LONGER = ['src/settings.ts'];

/** What a directory for each question, page or program calls its files. */
const EVERYWHERE = ['question.ts', 'sqlite.ts', 'duckdb.ts', 'content.ts', 'program.ts'];

/** Names of more than two files: in an editor nobody finds the right one. */
export function repeatedNames(files: readonly SourceFile[]): [string, string[]][] {
  const byName = new Map<string, string[]>();
  for (const { path } of files) {
    const name = basename(path);
    byName.set(name, [...(byName.get(name) ?? []), path]);
  }
  return [...byName].filter(([name, paths]) => paths.length > 2 && !EVERYWHERE.includes(name));
}
