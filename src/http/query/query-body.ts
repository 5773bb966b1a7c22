import { z } from 'zod';
import { isComparable, TEXT_LIMIT_BYTES } from '../../jobs/filter.ts';
import { BOUNDS } from '../../jobs/input-bounds.ts';
import { documented, listOf, mapOf, scalar } from '../json/body-values.ts';
import { type BodyLimits, jsonBody } from '../json/json-body.ts';
import { JsonNumber } from '../json/json-parser.ts';

/** For a list of 2,000 ids and some other parameters. */
const LIMITS: BodyLimits = { bytes: 64 * 1024, values: 2_500, depth: 2 };

/** A value as text, as in a query string. A number keeps its digits, which may exceed 2^53. */
const value = scalar(textOf, 'a text, a number, true or false', {})
  .refine(isComparable, `must have at most ${TEXT_LIMIT_BYTES} bytes`)
  .meta({ type: ['string', 'number', 'boolean'], maxLength: TEXT_LIMIT_BYTES });

const values = z.preprocess(
  (given) => (Array.isArray(given) ? given : [given]),
  // Without this, an empty list would be no parameter, and the filter would match more jobs.
  listOf(value).refine(({ length }) => length > 0, 'must have at least one value'),
);

/**
 * A JSON body with the names of a query, each with a value or a list of values, for queries that do not fit into an
 * address. `read` returns it as a query string would be parsed. The shape only documents the names: the caller checks them.
 */
export function queryBody({ shape }: z.ZodObject) {
  const either = { anyOf: [documented(listOf(value)), documented(value)] };
  const schema = mapOf(values, 'parameters')
    .transform((named) => {
      const pairs = Object.entries(named).flatMap(([name, texts]) =>
        texts.map((text): [string, string] => [name, text]),
      );
      return new URLSearchParams(pairs);
    })
    .meta({
      type: 'object',
      properties: Object.fromEntries(Object.keys(shape).map((name) => [name, either])),
      patternProperties: { '^metric\\.': either },
      additionalProperties: false,
      maxProperties: BOUNDS.parameters.most,
    });
  return jsonBody('names and values of the query of GET', schema, LIMITS);
}

function textOf(given: unknown): string | undefined {
  if (given instanceof JsonNumber) return given.source;
  return typeof given === 'string' || typeof given === 'number' || typeof given === 'boolean' ? `${given}` : undefined;
}
