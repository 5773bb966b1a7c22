import { isUtf8 } from 'node:buffer';
import { STORED_FIELDS, type StoredField } from '../../src/jobs/fields.ts';
import type { Row, StoredJson } from './random-jobs.ts';

/** Whether a column index can hold the row. Random rows have no other unsupported values. */
export function isSuitable(row: Row): boolean {
  const stored = [...(row.resources.meaning ?? []), row.metadata.meaning?.jobName ?? Buffer.of()];
  return STORED_FIELDS.every((field) => fits(field, row[field.name])) && stored.every(isPlain);
}

/** The row with plain values in place of those that an index cannot hold. */
export function madeSuitable(row: Row): Row {
  const hosts = row.resources.meaning ?? [];
  const odd = STORED_FIELDS.filter((field) => !fits(field, row[field.name]));
  return {
    ...row,
    ...Object.fromEntries(odd.map(({ name, kind }) => [name, kind === 'text' ? Buffer.from('plain') : 7n])),
    resources: hosts.every(isPlain) ? row.resources : stored('[]', []),
    metadata: isPlain(row.metadata.meaning?.jobName ?? Buffer.of()) ? row.metadata : stored('{}', {}),
  };
}

function fits(field: StoredField, value: unknown): boolean {
  if (Buffer.isBuffer(value)) return isPlain(value);
  if (!('bits' in field) || typeof value !== 'bigint') return true;
  const most = 2n ** BigInt(field.bits) - 1n;
  return value >= -most && value <= most;
}

function isPlain(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.includes(0);
}

function stored<Meaning>(json: string, meaning: Meaning): StoredJson<Meaning> {
  return { bytes: Buffer.from(json), blob: false, meaning };
}
