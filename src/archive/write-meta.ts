import { join } from 'node:path';
import { writeFileAtomically } from './file-access.ts';
import { META_FILE } from './layout.ts';

/** Writes the meta.json of a job and replaces an existing one. Numbers that are JSON texts keep all their digits. */
export async function writeMeta(folder: string, meta: object): Promise<void> {
  await writeFileAtomically(join(folder, META_FILE), `${JSON.stringify(meta)}\n`);
}
