import type { SqlValue } from '../statement.ts';

/** libsql binds a JS number as REAL, so whole numbers are passed as BigInt. A boolean would abort the process. */
export function bound(value: SqlValue): SqlValue {
  if (typeof value === 'boolean') throw new TypeError('a boolean is no SQL value');
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
}

/** The bytes of a BLOB. libsql returns an ArrayBuffer or a Buffer, depending on how the row is read. */
export function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw new TypeError('the statement answered no BLOB');
}

/**
 * Frees bytes of the driver that have been copied or written elsewhere. The garbage collector sees few objects and not
 * their size. Without this call, 30 MB accumulated during a long list.
 */
export function giveBack(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength) buffer.transfer(0); // else it is shared
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Decodes stored text. Invalid UTF-8 becomes U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Replaces invalid UTF-8 in bytes. */
export function wellFormed(bytes: Uint8Array): Uint8Array {
  return new TextEncoder().encode(textOf(bytes));
}
