import type { Deadline } from '../../deadline.ts';
import { GraphqlBody } from './graphql-body.ts';
import { MetaBody, MetaOfJobBody, StartBody } from './job-body.ts';
import type { JsonLimits } from './json-parser.ts';
import { NodeStatesBody } from './node-body.ts';
import { TagsBody } from './tag-list.ts';

/**
 * The schemas of large bodies, by the name that another process knows them by. The parsed body comes back as a message,
 * so it must be cheap to copy: texts and lists of plain values rather than a list of ten thousand objects.
 */
export const LARGE_BODIES = {
  startJob: StartBody,
  nodeStates: NodeStatesBody,
  metaEntry: MetaBody,
  metaOfJob: MetaOfJobBody,
  tags: TagsBody,
  graphql: GraphqlBody,
} as const;

export type LargeBodyName = keyof typeof LARGE_BODIES;

/** A large body for another process. */
export interface LargeBody {
  name: LargeBodyName;
  bytes: Uint8Array;
  limits: JsonLimits;
}
/** Parses a body in another process. Resolves to the output of the schema. Rejects with the faults of `takeApart`. */
export type TakeApart = (body: LargeBody, deadline: Deadline) => Promise<unknown>;
