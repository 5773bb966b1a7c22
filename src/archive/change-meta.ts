import { join } from 'node:path';
import type { Tag } from '../jobs/job.ts';
import { writeFileAtomically } from './files.ts';
import type { ArchiveJob } from './layout.ts';
import { readMetaText } from './meta.ts';

/** What the database says of an archived job and its meta.json has to say as well. */
export interface MetaChange {
  job: ArchiveJob;
  /** All its tags, whatever their scope. */
  tags: readonly Tag[];
  /** Its metadata; what the file has beside it stays. */
  metaData: Readonly<Record<string, unknown>> | null;
}

/** Of ES2026, and in every runtime we have; TypeScript's libraries do not know them yet. */
const exact = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): object;
};

/**
 * Rewrites a meta.json with the tags and the metadata of the job (contract/archive.md §2): the rest of it stays, numbers to the
 * letter. Throws where there is no such file, or none that can be read.
 */
export async function changeMeta(folder: string, { tags, metaData }: MetaChange): Promise<void> {
  const before = exact.parse(await readMetaText(folder), (_, value, { source }) =>
    typeof value === 'number' && source !== undefined ? exact.rawJSON(source) : value,
  );
  if (typeof before !== 'object' || before === null || Array.isArray(before))
    throw new Error('meta.json is not an object');
  const known: unknown = 'metaData' in before ? before.metaData : null;
  const meta = typeof known === 'object' && known !== null ? known : {};
  const after = {
    ...before,
    tags: tags.map(({ type, name, scope }) => ({ id: 0, type, name, scope })),
    metaData: metaData === null ? known : { ...meta, ...metaData },
  };
  await writeFileAtomically(join(folder, 'meta.json'), `${JSON.stringify(after)}\n`);
}
