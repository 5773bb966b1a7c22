/** Which tagged jobs are kept when old jobs are deleted: none, all, or those with a tag added by a person. */
export const OMIT_TAGGED = ['none', 'all', 'user'] as const;
export type OmitTagged = (typeof OMIT_TAGGED)[number];
/** The default of the API and of the command. */
export const DEFAULT_OMIT_TAGGED = 'none' satisfies OmitTagged;

/** Number of jobs per delete transaction. With all indexes of cc-backend it takes 20-40 ms, and other writes wait. */
export const DELETE_BATCH_JOBS = 250;

/** A position in the order of start and id, as decimal text, since both may exceed 2^53. */
export interface DeleteCursor {
  startTime: string;
  id: string;
}
