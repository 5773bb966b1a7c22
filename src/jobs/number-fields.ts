import { type DerivedField, FIELDS, type FieldOf, INT32, STORED_FIELDS } from './fields.ts';

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
 * Maps the property of each field to the value for its kind: `whole` is that of whole numbers and times.
 */
export function byProperty<One extends NumberField | DerivedField, Int, Real, Derived>(
  fields: readonly One[],
  values: { readonly whole: Int; readonly decimal: Real; readonly derived: Derived },
) {
  const { whole, decimal, derived } = values;
  const of = (kind: One['kind']) => (kind === 'decimal' ? decimal : kind === 'derived' ? derived : whole);
  return Object.fromEntries(fields.map(({ property, kind }) => [property, of(kind)])) as {
    [Each in One as Each['property']]: Each['kind'] extends 'decimal'
      ? Real
      : Each['kind'] extends 'derived'
        ? Derived
        : Int;
  };
}

/** Numbers of a job that have no filter. */
export const SMT = { property: 'smt', column: 'smt', kind: 'whole', bounds: INT32 } as const;
export const SUBMIT_TIME = {
  property: 'submitTime',
  column: 'submit_time',
  kind: 'time',
  aheadSec: FIELDS['start-time'].aheadSec,
} as const;

/** The time at which a job is reported to have ended. The database stores the duration instead. */
export const STOP_TIME = { property: 'stopTime', kind: 'time', aheadSec: 86_400 } as const;
