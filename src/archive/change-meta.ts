import type { Tag } from '../jobs/job.ts';
import { jsonWithNumberTexts } from '../lossless-json.ts';
import type { ArchiveJob } from './layout.ts';
import { readMetaText } from './read-meta.ts';
import { writeMeta } from './write-meta.ts';

/** The data of an archived job in the database that its meta.json must contain too. */
export interface MetaChange {
  job: ArchiveJob;
  /** All its tags of all scopes. */
  tags: readonly Tag[];
  /** Its metadata. Other keys in the file are kept. */
  metaData: Readonly<Record<string, unknown>> | null;
}

/**
 * Updates the tags and the metadata in a job's meta.json (contract/archive.md §2). Everything else stays, and numbers
 * keep their exact text. Throws if the file does not exist or cannot be read.
 */
export async function changeMeta(folder: string, { tags, metaData }: MetaChange): Promise<void> {
  const before = jsonWithNumberTexts(await readMetaText(folder));
  if (typeof before !== 'object' || before === null || Array.isArray(before))
    throw new Error('meta.json is not an object');
  const known: unknown = 'metaData' in before ? before.metaData : null;
  const meta = typeof known === 'object' && known !== null ? known : {};
  const after = {
    ...before,
    tags: tags.map(({ type, name, scope }) => ({ id: 0, type, name, scope })),
    metaData: metaData === null ? known : { ...meta, ...metaData },
  };
  await writeMeta(folder, after);
}
