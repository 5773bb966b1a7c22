import { z } from 'zod';
import { StatisticsSchema } from '../../archive/read-meta.ts';
import type { Clusters } from '../../clusters/clusters.ts';
import { footprintsOf } from '../../clusters/footprint.ts';
import type { Job, Tag } from '../../jobs/job.ts';
import { sharedOfExclusive } from '../../jobs/job-enums.ts';
import { wholeNumbers } from '../../jobs/number-fields.ts';
import { submitTimeOf } from '../../jobs/submit-time.ts';
import { jobStateOf, resourcesOf, sharedOf, textMap } from '../job-values.ts';

/** Thrown if a meta.json cannot be imported. The message has the reason. */
export class BadMeta extends Error {
  override readonly name = 'BadMeta';
}

const whole = z
  .int()
  .nullish()
  .transform((value) => value ?? 0);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

// The schema is as lenient as the reader of cc-backend: unknown fields are ignored, and missing fields are zero.
const MetaSchema = z.object({
  jobId: z.int(),
  cluster: text,
  subCluster: text,
  partition: text,
  project: text,
  user: text,
  shared: text,
  exclusive: z.int().nullish(),
  jobState: text,
  ...wholeNumbers(() => whole),
  startTime: z.int(),
  arrayJobId: whole,
  resources: z.unknown().optional(),
  metaData: z.unknown().optional(),
  statistics: StatisticsSchema,
  tags: z.array(z.object({ type: z.string(), name: z.string(), scope: text })).nullish(),
});

/**
 * Returns the job of a meta.json, with the checks of start_job and the footprints computed from its statistics
 * (contract/archive.md §5). Throws BadMeta.
 */
export function jobOfMeta(json: string, clusters: Clusters): Job {
  const meta = decodeMeta(json);
  const resources = resourcesOf(meta.resources);
  const jobState = jobStateOf(meta.jobState);
  const shared = meta.shared === '' ? sharedOfExclusive(meta.exclusive ?? 1) : sharedOf(meta.shared);
  const clusterKnown = clusters.get(meta.cluster) !== undefined;
  const host = resources?.[0]?.hostname;
  const name = meta.subCluster || (host === undefined ? undefined : clusters.subClusterOf(meta.cluster, host));
  const subCluster = name === undefined ? undefined : clusters.subCluster(meta.cluster, name);
  const problem = [
    !clusterKnown && `cluster '${meta.cluster}' is not configured`,
    clusterKnown && subCluster === undefined && `subcluster '${meta.subCluster}' is not configured`,
    jobState === undefined && `jobState '${meta.jobState}' is unknown`,
    shared === undefined && `shared '${meta.shared || `exclusive ${meta.exclusive}`}' is unknown`,
    (resources === undefined || resources.length === 0) && 'resources is not a list of hosts',
    meta.user === '' && 'user is empty',
    resources?.length !== meta.numNodes && `numNodes is ${meta.numNodes}, but there are ${resources?.length} resources`,
  ].find((one) => one !== false);
  if (problem !== undefined) throw new BadMeta(problem);
  // For the types only: `problem` covers each of these.
  if (subCluster === undefined || jobState === undefined || shared === undefined || resources === undefined) {
    throw new BadMeta('is not a job');
  }
  const { statistics, exclusive: _, ...fields } = meta;
  const metaData = textMap(meta.metaData);
  return {
    ...fields,
    subCluster: subCluster.name,
    jobState,
    shared,
    resources,
    monitoringStatus: 3,
    submitTime: submitTimeOf(meta, metaData),
    metaData,
    tags: (meta.tags ?? []).map((tag): Tag => ({ ...tag, scope: tag.scope || 'global' })),
    ...footprintsOf(subCluster, meta, statistics ?? {}),
  };
}

/** The members of a meta.json that are read, with their types checked. Throws BadMeta. */
export function decodeMeta(json: string) {
  try {
    return MetaSchema.parse(JSON.parse(json));
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw new BadMeta('is not JSON', { cause });
    const [issue] = cause.issues;
    throw new BadMeta(`${issue?.path.join('.')}: ${issue?.message}`, { cause });
  }
}
