import { type DerivedField, FIELDS, type FieldOf, INT32, STORED_FIELDS } from './fields.ts';

/** A field that is a number of a job. */
export type NumberField = FieldOf<'time' | 'whole' | 'decimal'>;
export const NUMBER_FIELDS = STORED_FIELDS.filter(
  (field): field is NumberField => field.kind === 'time' || field.kind === 'whole' || field.kind === 'decimal',
);

/**
 * The numbers of a job that no filter uses. An entry is the only description of its number, as in fields.ts: from it
 * follow its member in jobs, starts and imports, its column in exports, and its bounds.
 */
export const UNFILTERED_NUMBERS = [
  { property: 'smt', column: 'smt', kind: 'whole', bounds: INT32 },
  { property: 'submitTime', column: 'submit_time', kind: 'time', aheadSec: FIELDS['start-time'].aheadSec },
  { property: 'monitoringStatus', column: 'monitoring_status', kind: 'whole', bounds: { least: 0n, most: 3n } },
] as const;
type UnfilteredNumber = (typeof UNFILTERED_NUMBERS)[number];

/** The numbers that a new job sets, with filters or without. */
export const JOB_NUMBERS = [...NUMBER_FIELDS, ...UNFILTERED_NUMBERS];
export type JobNumber = NumberField | UnfilteredNumber;

/** All but decimals. */
type WholeNumber = Exclude<JobNumber, { kind: 'decimal' }>;
export const WHOLE_NUMBERS = JOB_NUMBERS.filter((number): number is WholeNumber => number.kind !== 'decimal');

/** Maps the property of each whole number and time to its value. */
export function wholeNumbers<Value>(make: (number: WholeNumber) => Value) {
  const values = WHOLE_NUMBERS.map((number) => [number.property, make(number)]);
  return Object.fromEntries(values) as Record<WholeNumber['property'], Value>;
}

/**
 * Maps the property of each field to the value for its kind: `whole` is that of whole numbers and times.
 */
export function byProperty<One extends JobNumber | DerivedField, Int, Real, Derived>(
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

/** The time at which a job is reported to have ended. The database stores the duration instead. */
export const STOP_TIME = { property: 'stopTime', kind: 'time', aheadSec: 86_400 } as const;
