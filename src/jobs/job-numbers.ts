import { type FieldOf, INT32, STORED_FIELDS } from './fields.ts';

/** A field that is a number of a job. */
export type NumberField = FieldOf<'time' | 'whole' | 'decimal'>;
export const NUMBER_FIELDS = STORED_FIELDS.filter(
  (field): field is NumberField => field.kind === 'time' || field.kind === 'whole' || field.kind === 'decimal',
);

/** All but decimals. */
type WholeNumberField = Exclude<NumberField, { kind: 'decimal' }>;
export const WHOLE_FIELDS = NUMBER_FIELDS.filter((field): field is WholeNumberField => field.kind !== 'decimal');

/** Maps the property of each whole number and time to its value. */
export function wholeNumbers<Value>(make: (field: WholeNumberField) => Value) {
  const values = WHOLE_FIELDS.map((field) => [field.property, make(field)]);
  return Object.fromEntries(values) as Record<WholeNumberField['property'], Value>;
}

/**
 * Maps the property of each field to one of two values: `whole` for whole numbers and times, `decimal` for decimals.
 */
export function byProperty<One extends NumberField, Int, Real>(fields: readonly One[], whole: Int, decimal: Real) {
  const values = fields.map(({ property, kind }) => [property, kind === 'decimal' ? decimal : whole]);
  return Object.fromEntries(values) as {
    [Each in One as Each['property']]: Each['kind'] extends 'decimal' ? Real : Int;
  };
}

/** Numbers of a job that have no filter. */
export const SMT = { property: 'smt', column: 'smt', kind: 'whole', bounds: INT32 } as const;
export const SUBMIT_TIME = { property: 'submitTime', column: 'submit_time', kind: 'time' } as const;
