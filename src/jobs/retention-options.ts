/** Which tagged jobs stay when old ones are deleted: none, all of them, or those with a tag that a person gave them. */
export const OMIT_TAGGED = ['none', 'all', 'user'] as const;
export type OmitTagged = (typeof OMIT_TAGGED)[number];
/** Where nothing else is asked for. */
export const DEFAULT_OMIT_TAGGED = 'none' satisfies OmitTagged;

/** Jobs that one transaction deletes: 20-40 ms with all indexes of cc-backend, in which other writes wait. */
export const DELETE_BATCH_JOBS = 250;

/** A place in the order of start and id; decimal text, since both may be larger than 2^53. */
export interface DeletePlace {
  startTime: string;
  id: string;
}
