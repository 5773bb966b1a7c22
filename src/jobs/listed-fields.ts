import { ALL_FIELDS, type AnyField } from './fields.ts';
import { DEFAULT_PAGE_SIZE } from './paging.ts';

/** The numbers in a row of a list, in order. */
export type ListedField = Extract<AnyField, { sortable: true; listed: object }>;
export const LISTED_FIELDS = ALL_FIELDS.filter((field): field is ListedField => 'listed' in field);

/** Page sizes that people can choose. */
export const LIST_SIZES = [DEFAULT_PAGE_SIZE.jobsOnPage, 50, 100] as const;

/** Longer names are cut in a list. */
export const NAME_CHARACTERS = 200;

/** The number of tags shown per job in a list. A listed job has one more tag if there are others. */
export const MOST_LISTED_TAGS = 8;
