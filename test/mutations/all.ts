import { AUTH } from './auth.ts';
import { COLUMNS } from './column-index.ts';
import { GRAPHQL } from './graphql.ts';
import { HTTP } from './http.ts';
import type { Mutation } from './mutation.ts';
import { NODE } from './nodejs.ts';
import { OTHERS } from './others.ts';
import { POOL } from './pool.ts';
import { QUESTIONS } from './questions.ts';

export const MUTATIONS: readonly Mutation[] = [
  ...AUTH,
  ...HTTP,
  ...POOL,
  ...COLUMNS,
  ...QUESTIONS,
  ...NODE,
  ...GRAPHQL,
  ...OTHERS,
];

/** The mutation on one line: `http/auth/token.ts: 'alg !== …' -> 'alg === …'`. */
export function shown({ file, from, to }: Mutation): string {
  return `${file}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`;
}
