import type { DerivedField } from '../../jobs/fields.ts';
import { ASKED_MEMORY } from './stored-asked-memory.ts';
import { SUBMIT_TIME, waitSince } from './stored-submit-time.ts';

/** The value of each derived field for a row of `job`, as SQL. Its type is INTEGER, or NULL if it is unknown. */
export const DERIVED_VALUES: Readonly<Record<DerivedField['name'], string>> = {
  wait: waitSince(SUBMIT_TIME),
  'memory-asked': ASKED_MEMORY,
};
