/** Which tagged jobs stay when old ones are deleted: none, all of them, or those with a tag that a person gave them. */
export const OMIT_TAGGED = ['none', 'all', 'user'] as const;
export type OmitTagged = (typeof OMIT_TAGGED)[number];

/** A place in the order of start and id; decimal text, since both may be larger than 2^53. */
export interface DeletePlace {
  startTime: string;
  id: string;
}
