import { isUtf8 } from 'node:buffer';
import type { Row, StoredJson } from './random-jobs.ts';

/** Whether a column index can hold the row; what else it could not hold is nothing that the random rows have. */
export function isSuitable(row: Row): boolean {
  const texts = [row.cluster, row.subcluster, row.user, row.project, row.partition ?? Buffer.of()];
  const stored = [...(row.resources.meaning ?? []), row.metadata.meaning?.jobName ?? Buffer.of()];
  return row.startTime < 2n ** 32n && [...texts, ...stored].every(isPlain);
}

/** The row with something plain in the place of what an index cannot hold. */
export function madeSuitable(row: Row): Row {
  const text = (bytes: Buffer) => (isPlain(bytes) ? bytes : Buffer.from('plain'));
  const hosts = row.resources.meaning ?? [];
  return {
    ...row,
    cluster: text(row.cluster),
    subcluster: text(row.subcluster),
    user: text(row.user),
    project: text(row.project),
    partition: row.partition === null ? null : text(row.partition),
    startTime: row.startTime < 2n ** 32n ? row.startTime : 7n,
    resources: hosts.every(isPlain) ? row.resources : stored('[]', []),
    metadata: isPlain(row.metadata.meaning?.jobName ?? Buffer.of()) ? row.metadata : stored('{}', {}),
  };
}

function isPlain(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.includes(0);
}

function stored<Meaning>(json: string, meaning: Meaning): StoredJson<Meaning> {
  return { bytes: Buffer.from(json), blob: false, meaning };
}
