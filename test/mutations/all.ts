import { HTTP } from './http.ts';
import type { Mutation } from './mutation.ts';
import { OTHERS } from './others.ts';
import { POOL } from './pool.ts';

export const MUTATIONS: readonly Mutation[] = [...HTTP, ...POOL, ...OTHERS];

/** `http/auth.ts: 'alg !== …' -> 'alg === …'`, on one line. */
export function shown({ file, from, to }: Mutation): string {
  return `${file}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`;
}
