import { isUtf8 } from 'node:buffer';
import { wellFormed } from './driver-values.ts';

/** Well-formed UTF-8 for text that is forwarded without becoming a string. Invalid UTF-8 becomes U+FFFD. */
export function utf8Of(bytes: Uint8Array): Uint8Array {
  return isUtf8(bytes) ? bytes : wellFormed(bytes);
}
