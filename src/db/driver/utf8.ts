import { isUtf8 } from 'node:buffer';
import { wellFormed } from './driver-values.ts';

/** Bytes of a text that is forwarded and need not become a string on its way; what is no UTF-8 becomes U+FFFD. */
export function utf8Of(bytes: Uint8Array): Uint8Array {
  return isUtf8(bytes) ? bytes : wellFormed(bytes);
}
