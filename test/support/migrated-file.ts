import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { migrate } from '../../src/db/schema/migrate.ts';

/** The first new database of this process. */
let first: Buffer | undefined;

/** Migrates a file. Later new files are copies of the first one: a migration waits for the disk many times. */
export async function migratedFile(path: string): Promise<void> {
  const isNew = !existsSync(path);
  if (isNew && first !== undefined) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, first);
    return;
  }
  await migrate(path);
  if (isNew) first = readFileSync(path);
}
