/** Sessions of cc-backend 1.5.4, and others in the same form. */
import { createHmac } from 'node:crypto';

/** The SESSION_KEY of VECTORS. */
export const CC_BACKEND_KEY = 'Y2Mtam9icyB0ZXN0IHZlY3RvciBzZXNzaW9uIGtleSA=';
/** When cc-backend made VECTORS, in Unix seconds. */
export const MADE_AT = 1_795_872_367;

/** Cookies that cc-backend made (contract/sessions.md). */
export const VECTORS = {
  ada: {
    roles: ['user'],
    projects: [],
    cookie:
      'MTc5NTg3MjM2N3xEWDhFQVFMX2dBQUJFQUVRQUFCTl80QUFCQVp6ZEhKcGJtY01DZ0FJZFhObGNtNWhiV1VHYzNSeWFXNW5EQVVBQTJGa1lRWnpkSEpwYm1jTUNnQUljSEp2YW1WamRITUlXMTF6ZEhKcGJtZl9nUUlCQXYtQ0FBRU1BQUJGXzRJQ0FBQUdjM1J5YVc1bkRBY0FCWEp2YkdWekNGdGRjM1J5YVc1bl80SUhBQUVFZFhObGNnWnpkSEpwYm1jTURBQUtZWFYwYUZOdmRYSmpaUU5wYm5RRUFnQUF8YiJqtEN0I9_DqrF7tCn-BjH_nhL-EM0sF62F0pA0tII=',
  },
  max: {
    roles: ['manager', 'user'],
    projects: ['iwi5', 'caph'],
    cookie:
      'MTc5NTg3MjM2N3xEWDhFQVFMX2dBQUJFQUVRQUFBcF80QUFCQVp6ZEhKcGJtY01Cd0FGY205c1pYTUlXMTF6ZEhKcGJtZl9nUUlCQXYtQ0FBRU1BQUI3XzRJUEFBSUhiV0Z1WVdkbGNnUjFjMlZ5Qm5OMGNtbHVad3dNQUFwaGRYUm9VMjkxY21ObEEybHVkQVFDQUFBR2MzUnlhVzVuREFvQUNIVnpaWEp1WVcxbEJuTjBjbWx1Wnd3RkFBTnRZWGdHYzNSeWFXNW5EQW9BQ0hCeWIycGxZM1J6Q0Z0ZGMzUnlhVzVuXzRJTUFBSUVhWGRwTlFSallYQm98tBAC--SB683_lSgJr-PHBdjmVA3Nqo0tSosvdeKxumE=',
  },
  root: {
    roles: ['admin', 'api'],
    projects: [],
    cookie:
      'MTc5NTg3MjM2N3xEWDhFQVFMX2dBQUJFQUVRQUFCT180QUFCQVp6ZEhKcGJtY01DZ0FJZFhObGNtNWhiV1VHYzNSeWFXNW5EQVlBQkhKdmIzUUdjM1J5YVc1bkRBb0FDSEJ5YjJwbFkzUnpDRnRkYzNSeWFXNW5fNEVDQVFMX2dnQUJEQUFBU3YtQ0FnQUFCbk4wY21sdVp3d0hBQVZ5YjJ4bGN3aGJYWE4wY21sdVpfLUNEQUFDQldGa2JXbHVBMkZ3YVFaemRISnBibWNNREFBS1lYVjBhRk52ZFhKalpRTnBiblFFQWdBQXxnchV_hq0i9tTor82P8P-_6EmYRAdIjgYT2syz1rrQwQ==',
  },
} as const;

export type GobEntry = readonly [key: string, value: string | number | readonly string[]];

/** The bytes of base64url. */
export function fromBase64Url(text: string): Buffer {
  return Buffer.from(text, 'base64url');
}

/** Base64url with padding, as Go writes it. */
function toBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** The gob in a cookie. */
export function gobIn(cookie: string): Uint8Array {
  const [, value = ''] = fromBase64Url(cookie).toString('latin1').split('|');
  return Uint8Array.from(fromBase64Url(value));
}

/** A cookie signed by cc-backend with these entries, or with this text in place of the gob in base64url. */
export function ccBackendCookie(
  content: readonly GobEntry[] | string,
  { madeAt = MADE_AT, key = CC_BACKEND_KEY }: { madeAt?: number | string; key?: string } = {},
): string {
  const value = typeof content === 'string' ? content : toBase64Url(gobOf(content));
  const hmac = createHmac('sha256', Buffer.from(key, 'base64')).update(`session|${madeAt}|${value}`);
  return toBase64Url(Buffer.concat([Buffer.from(`${madeAt}|${value}|`), hmac.digest()]));
}

/** A `map[interface{}]interface{}` as Go's encoding/gob writes it. */
export function gobOf(entries: readonly GobEntry[]): Uint8Array {
  const [mapId, listId] = [64, 65];
  const messages = [[...int(-mapId), 4, 1, 2, ...int(mapId), 0, 1, 16, 1, 16, 0, 0]];
  let message = [...int(mapId), 0, ...uint(entries.length)];
  let isListDefined = false;
  const write = (value: GobEntry[1]) => {
    if (typeof value === 'string') message.push(...text('string'), ...int(6), ...sized([0, ...text(value)]));
    else if (typeof value === 'number') message.push(...text('int'), ...int(2), ...sized([0, ...int(value)]));
    else {
      message.push(...text('[]string'));
      if (!isListDefined) {
        messages.push([...message, ...int(-listId), 2, 1, 2, ...int(listId), 0, 1, 12, 0, 0]);
        message = [];
        isListDefined = true;
      }
      message.push(...int(listId), ...sized([0, ...uint(value.length), ...value.flatMap(text)]));
    }
  };
  for (const entry of entries) for (const part of entry) write(part);
  return Uint8Array.from([...messages, message].flatMap(sized));
}

const sized = (bytes: readonly number[]) => [...uint(bytes.length), ...bytes];
const text = (value: string) => sized([...Buffer.from(value)]);
const int = (value: number) => uint(value < 0 ? -2 * value - 1 : 2 * value);
function uint(value: number): number[] {
  if (value < 0x80) return [value];
  return value < 0x100 ? [0xff, value] : [0xfe, value >> 8, value & 0xff];
}
