import { ALL_FIELDS, type AnyField } from './fields.ts';

/** The numbers in a row of a list, in order: the entries of fields.ts with `listed`. */
export type ListedField = Extract<AnyField, { sortable: true; listed: object }>;
export const LISTED_FIELDS = ALL_FIELDS.filter((field): field is ListedField => 'listed' in field);
