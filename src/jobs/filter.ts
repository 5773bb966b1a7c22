import { Fault } from '../faults.ts';
import type { FieldOf } from './fields.ts';

/** Fields compared as texts. */
export type TextField = FieldOf<'text' | 'name' | 'hosts'>['name'];
/** `is` is exact; `contains` and `starts-with` fold the case of A-Z and nothing else; `not` is "none of them". */
export type TextOperator = 'is' | 'contains' | 'starts-with' | 'not';
export type IdField = FieldOf<'id'>['name'];
export type MemberField = FieldOf<'member'>['name'];
/** Seconds or numbers of things. `duration` is the stored value, of running jobs too. */
export type WholeField = FieldOf<'time' | 'whole'>['name'];
export type DecimalField = FieldOf<'decimal'>['name'];

/** Both ends inclusive (but in `during`); an absent one is open. 0 is a value like any other. */
export interface Range<Value> {
  readonly from?: Value;
  readonly to?: Value;
}

/**
 * One thing asked of a job. A list of values means "any of them" (`not`: none of them); an empty list matches no job.
 *
 * - A stored NULL reads as the text '' or the number 0.
 * - `job-name` matches only rows whose metadata is valid JSON with a text under jobName: without one, `not` fails as well.
 * - `node` with `not` means: at least one host is none of the values.
 * - `during` matches jobs that ran at any moment from `from` to before `to`: a job runs from its start until its end, which is
 *   start + stored duration, and now if it is running. Its start is such a moment even if it lasted 0 s.
 * - `ended` matches jobs in a state of ENDED_STATES whose end is in the range.
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

/** What a caller asks for: all conditions hold. `[]` is every job. */
export type JobFilter = readonly Condition[];

/** As for a LIKE pattern of SQLite, so that every path has the same limit. */
export const TEXT_LIMIT_BYTES = 50_000;
const FOOTPRINT_KEY = /^[A-Za-z0-9_]+$/;

/** Throws invalid_request for a text that is too long to compare; `what` names it. */
export function checkText(what: string, text: string): void {
  // A UTF-16 unit is at most 3 bytes of UTF-8: short texts need no encoding.
  if (text.length * 3 > TEXT_LIMIT_BYTES && new TextEncoder().encode(text).length > TEXT_LIMIT_BYTES) {
    throw new Fault('invalid_request', `${what} is longer than ${TEXT_LIMIT_BYTES} bytes`);
  }
}

/** Whether a footprint may have this key (contract/graphql.md §3): no other character ever reaches a JSON path. */
export function isFootprintKey(key: string): boolean {
  return FOOTPRINT_KEY.test(key);
}
