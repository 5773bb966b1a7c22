import { z } from 'zod';
import { JsonNumber } from './json-parser.ts';

/** The body of a GraphQL request (contract/graphql.md §1). Other members are ignored. */
export const GraphqlBody = z
  .looseObject({
    query: z.string({ error: 'must be a string' }).nullish(),
    operationName: z.string({ error: 'must be a string' }).nullish(),
    variables: z.record(z.string(), z.unknown(), { error: 'must be an object' }).nullish(),
  })
  .transform(({ query, operationName, variables }) => ({
    query: query ?? '',
    operationName,
    variables: plainNumbers(variables ?? {}) as Record<string, unknown>,
  }));

/** Numbers as a message can carry them: a bigint where a number would round an integer. */
function plainNumbers(value: unknown): unknown {
  if (value instanceof JsonNumber)
    return /^-?\d{1,19}$/.test(value.source) ? BigInt(value.source) : Number(value.source);
  if (Array.isArray(value)) return value.map(plainNumbers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plainNumbers(member)]));
}
