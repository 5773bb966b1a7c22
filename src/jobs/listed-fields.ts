import { ALL_FIELDS, type AnyField } from './fields.ts';

/** The numbers in a row of a list, in order. */
export type ListedField = Extract<AnyField, { sortable: true; listed: object }>;
export const LISTED_FIELDS = ALL_FIELDS.filter((field): field is ListedField => 'listed' in field);

/** Longer names are cut in a list. */
export const NAME_CHARACTERS = 200;

/** The number of tags shown per job in a list. A listed job has one more tag if there are others. */
export const MOST_LISTED_TAGS = 8;
