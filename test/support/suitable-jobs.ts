import { isUtf8 } from 'node:buffer';
import { STORED_FIELDS } from '../../src/jobs/fields.ts';
import type { Row, StoredJson } from './random-jobs.ts';

/** Whether a column index can hold the row. Random rows have no other unsupported values. */
export function isSuitable(row: Row): boolean {
  const stored = [...(row.resources.meaning ?? []), row.metadata.meaning?.jobName ?? Buffer.of()];
  return STORED_FIELDS.every(({ name }) => fits(row[name])) && stored.every(isPlain);
}

/** The row with plain values in place of those that an index cannot hold. */
export function madeSuitable(row: Row): Row {
  const hosts = row.resources.meaning ?? [];
  const odd = STORED_FIELDS.filter(({ name }) => !fits(row[name]));
  return {
    ...row,
    ...Object.fromEntries(odd.map(({ name }) => [name, Buffer.from('plain')])),
    resources: hosts.every(isPlain) ? row.resources : stored('[]', []),
    metadata: isPlain(row.metadata.meaning?.jobName ?? Buffer.of()) ? row.metadata : stored('{}', {}),
  };
}

function fits(value: unknown): boolean {
  return !Buffer.isBuffer(value) || isPlain(value);
}

function isPlain(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.includes(0);
}

function stored<Meaning>(json: string, meaning: Meaning): StoredJson<Meaning> {
  return { bytes: Buffer.from(json), blob: false, meaning };
}
