import { Fault } from '../faults.ts';
import type { FieldOf } from './fields.ts';
import { FAILED_STATES } from './job-enums.ts';

/** Fields compared as text. */
export type TextField = FieldOf<'text' | 'name' | 'hosts'>['name'];
/**
 * `is` compares exactly; `contains`, `starts-with` and `ends-with` ignore the case of A-Z only; `not` means "none of the
 * values".
 */
export type TextOperator = 'is' | 'contains' | 'starts-with' | 'ends-with' | 'not';
export type IdField = FieldOf<'id'>['name'];
export type MemberField = FieldOf<'member'>['name'];
/** Seconds or counts. `duration` is the stored value, for running jobs too. */
export type WholeField = FieldOf<'time' | 'whole' | 'derived'>['name'];
export type DecimalField = FieldOf<'decimal' | 'fraction'>['name'];

/** Both ends are inclusive, except in `during`. An absent end is open. 0 is an ordinary value. */
export interface Range<Value> {
  readonly from?: Value;
  readonly to?: Value;
}

/**
 * One condition on a job. A list of values means "any of them" (with `not`: none of them). An empty list matches no
 * job.
 *
 * - A stored NULL reads as the text '' or the number 0. An unknown derived number or fraction matches no range.
 * - `job-name` matches only rows whose metadata is valid JSON with a text under jobName. Without one, `not` does not
 *   match either.
 * - `digits` compares the decimal digits of an id as text.
 * - `node` with `not` means: at least one host is none of the values.
 * - `during` matches jobs that ran at any moment from `from` to before `to`. A job runs from its start to its end,
 *   which is start + stored duration, or now if it is running. The start counts even if the job lasted 0 s.
 * - `ended` matches jobs in one of ENDED_STATES whose end is in the range.
 * - `footprint` matches rows whose footprint is valid JSON with a number under the key.
 */
export type Condition =
  | {
      readonly kind: 'text';
      readonly field: TextField;
      readonly operator: TextOperator;
      readonly values: readonly string[];
    }
  | { readonly kind: 'id'; readonly field: IdField; readonly values: readonly bigint[] }
  | {
      readonly kind: 'digits';
      readonly field: IdField;
      readonly operator: TextOperator;
      readonly values: readonly string[];
    }
  | {
      readonly kind: 'member';
      readonly field: MemberField;
      readonly values: readonly FieldOf<'member'>['members'][number][];
    }
  | { readonly kind: 'tag'; readonly ids: readonly bigint[] }
  | { readonly kind: 'schedule'; readonly schedule: FieldOf<'schedule'>['members'][number] }
  | { readonly kind: 'whole'; readonly field: WholeField; readonly range: Range<bigint> }
  | { readonly kind: 'during'; readonly range: Range<bigint>; readonly nowSec: number }
  | { readonly kind: 'ended'; readonly range: Range<bigint> }
  | { readonly kind: 'decimal'; readonly field: DecimalField; readonly range: Range<number> }
  | { readonly kind: 'footprint'; readonly key: string; readonly range: Range<number> }
  | { readonly kind: 'owner'; readonly user: string; readonly projects: readonly string[] };

/** The filter of a caller: all conditions must hold. `[]` matches every job. */
export type JobFilter = readonly Condition[];

/** The limit of SQLite for a LIKE pattern, applied everywhere so that all filters have the same limit. */
export const TEXT_LIMIT_BYTES = 50_000;
const FOOTPRINT_KEY = /^[A-Za-z0-9_]+$/;

/** Throws invalid_request if a text is too long to compare. `what` names the text in the message. */
export function checkText(what: string, text: string): void {
  if (!isComparable(text)) throw new Fault('invalid_request', `${what} is longer than ${TEXT_LIMIT_BYTES} bytes`);
}

/** Returns true if a text is short enough to compare. */
export function isComparable(text: string): boolean {
  // A UTF-16 unit is at most 3 bytes of UTF-8, so short texts need no encoding.
  return text.length * 3 <= TEXT_LIMIT_BYTES || new TextEncoder().encode(text).length <= TEXT_LIMIT_BYTES;
}

/**
 * Returns true if a footprint may have this key (contract/graphql.md §3). Only these characters ever reach a JSON path.
 */
export function isFootprintKey(key: string): boolean {
  return FOOTPRINT_KEY.test(key);
}

export const RUNNING: JobFilter = [{ kind: 'member', field: 'state', values: ['running'] }];
export const FAILED: JobFilter = [{ kind: 'member', field: 'state', values: FAILED_STATES }];
