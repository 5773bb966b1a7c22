import type { Deadline } from '../../deadline.ts';
import { MetaBody, MetaOfJobBody, StartBody } from './job-body.ts';
import type { JsonLimits } from './json-reader.ts';
import { NodeStatesBody } from './node-body.ts';
import { TagsBody } from './tag-list.ts';

/**
 * The schemas of bodies that may be large, by the name under which another process finds them. What they make of a body comes back
 * as a message, so it must be cheap to copy: texts, and lists of plain values, not a list of ten thousand objects.
 */
export const LARGE_BODIES = {
  startJob: StartBody,
  nodeStates: NodeStatesBody,
  metaEntry: MetaBody,
  metaOfJob: MetaOfJobBody,
  tags: TagsBody,
} as const;

export type LargeBodyName = keyof typeof LARGE_BODIES;

/** A large body for another process. */
export interface LargeBody {
  name: LargeBodyName;
  bytes: Uint8Array;
  limits: JsonLimits;
}
/** Takes bodies apart in another process. Answers what the schema makes of the body; rejects with the faults of `takeApart`. */
export type TakeApart = (body: LargeBody, deadline: Deadline) => Promise<unknown>;
