import type { SqlValue } from '../statement.ts';

/** As libsql wants it: it binds a JS number as REAL, so whole numbers go as BigInt. A boolean would abort the process. */
export function bound(value: SqlValue): SqlValue {
  if (typeof value === 'boolean') throw new TypeError('a boolean is no SQL value');
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
}

/** A BLOB as bytes: libsql answers with an ArrayBuffer or a Buffer, depending on how the row is read. */
export function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw new TypeError('the statement answered no BLOB');
}

/**
 * Frees bytes of the driver that have been copied or written elsewhere. Left to the garbage collection, which sees few objects and not how
 * large they are, those of a long list were 30 MB.
 */
export function giveBack(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength) buffer.transfer(0); // else others have a part of it
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Text as it was stored; what is no UTF-8 becomes U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The same as bytes again. */
export function wellFormed(bytes: Uint8Array): Uint8Array {
  return new TextEncoder().encode(textOf(bytes));
}
