import type { Deadline } from '../../deadline.ts';
import { GraphqlBody } from './graphql-body.ts';
import { MetaBody, MetaOfJobBody, StartBody } from './job-body.ts';
import type { JsonLimits } from './json-parser.ts';
import { NodeStatesBody } from './node-body.ts';
import { TagsBody } from './tag-list.ts';

/** Larger bodies are parsed in another process, if there is one. A schema takes 10 ms for 16 KB of empty objects. */
export const MOST_BYTES_HERE = 16 * 1024;
/** The values allowed in a body parsed on the thread of all requests, also in a large one in a Worker: about 50 ms. */
export const MOST_VALUES_HERE = 250_000;

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
