import { Fault } from '../faults.ts';
import { checkText } from '../jobs/filter.ts';

/** An argument of the schema, as its scalars read it. null and undefined mean "not given". */
export type Given<Value> = Value | null | undefined;

export interface StringInput {
  readonly eq?: Given<string>;
  readonly neq?: Given<string>;
  readonly startsWith?: Given<string>;
  readonly endsWith?: Given<string>;
  readonly contains?: Given<string>;
  readonly in?: Given<readonly string[]>;
}

/** The number of values in one list, such as the ids of jobs. */
const MOST_VALUES = 2_000;
/** All conditions of a filter. */
const MOST_CONDITIONS = 200;

export function isGiven<Value>(value: Given<Value>): value is Value {
  return value !== undefined && value !== null;
}

/** The operator of an input and its values. Throws invalid_request with the place `at` of the input. */
export function operatorOf(input: Given<StringInput>, at: string) {
  const asked = isGiven(input) ? firstOperator(input) : undefined;
  if (asked === undefined) return undefined;
  checkCount(asked.values, at);
  for (const value of asked.values) checkText(at, value);
  return asked;
}

/** Only the first operator counts, in this order. */
function firstOperator(input: StringInput) {
  if (isGiven(input.eq)) return { operator: 'is', values: [input.eq] } as const;
  if (isGiven(input.neq)) return { operator: 'not', values: [input.neq] } as const;
  if (isGiven(input.startsWith)) return { operator: 'starts-with', values: [input.startsWith] } as const;
  if (isGiven(input.endsWith)) return { operator: 'ends-with', values: [input.endsWith] } as const;
  if (isGiven(input.contains)) return { operator: 'contains', values: [input.contains] } as const;
  if (isGiven(input.in)) return { operator: 'in', values: input.in } as const;
  return undefined;
}

/** Reads ids of jobs, tags or nodes. Throws invalid_request with their place `at`. */
export function idsOf(values: readonly string[], at: string): bigint[] {
  checkCount(values, at);
  return values.map((value) => wholeOf(value, `${at} must be whole numbers`));
}

export function idOf(value: string, at = 'id'): bigint {
  return wholeOf(value, `${at} must be a whole number`);
}

function wholeOf(value: string, otherwise: string): bigint {
  if (!/^-?\d{1,18}$/.test(value)) throw new Fault('invalid_request', otherwise);
  return BigInt(value);
}

export function checkCount(values: readonly unknown[], at: string): void {
  if (values.length > MOST_VALUES) {
    throw new Fault('invalid_request', `${at}: at most ${MOST_VALUES} values are allowed`);
  }
}

export function checkConditionCount(conditions: readonly unknown[]): void {
  if (conditions.length > MOST_CONDITIONS) {
    throw new Fault('invalid_request', `filter: at most ${MOST_CONDITIONS} conditions are allowed`);
  }
}
