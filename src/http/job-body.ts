import { z } from 'zod';
import type { Resource as JobResource, StoredResources } from '../jobs/job.ts';
import { decimal, int32, int64, listOf, mapOf, strictFields, text } from './exact-json.ts';

// As Go decodes: null is as good as nothing, and what is missing is zero.
const words = text.nullish().transform((value) => value ?? '');
const whole32 = int32.nullish().transform((value) => value ?? 0);
const whole64 = int64.nullish().transform((value) => value ?? 0);
const number = decimal.nullish().transform((value) => value ?? 0);
const numbers = mapOf(number)
  .nullish()
  .transform((value) => value ?? null);

const orNone = <Item>(list: Item[] | null | undefined): Item[] => list ?? [];

/** Of one host. */
const MOST_HWTHREADS = 10_000;
/** Of one job: the largest machines there are have 10,000. */
const MOST_HOSTS = 50_000;

const Resource = strictFields({
  hostname: words,
  configuration: words,
  hwthreads: listOf(int32, { most: MOST_HWTHREADS }).nullish().transform(orNone),
  accelerators: listOf(text, { most: MOST_HWTHREADS }).nullish().transform(orNone),
}).transform(({ hostname, configuration, hwthreads, accelerators }) => ({
  hostname,
  ...(configuration === '' ? {} : { configuration }),
  ...(hwthreads.length === 0 ? {} : { hwthreads }),
  ...(accelerators.length === 0 ? {} : { accelerators }),
}));

const Statistic = strictFields({
  unit: strictFields({ base: words, prefix: words }).nullish(),
  avg: number,
  min: number,
  max: number,
});

/** As JSON: whole objects would have to be copied one by one on their way to the database. */
function stored(resources: readonly JobResource[]): StoredResources {
  return {
    hosts: resources.length,
    firstHost: resources[0]?.hostname ?? '',
    isUnnamed: resources.some(({ hostname }) => hostname === ''),
    json: JSON.stringify(resources),
  };
}

/** A tag in a body. Its scope is '' where it is not said. */
export const TagBody = strictFields({ type: words, name: words, scope: words, id: int64.nullish() });

/**
 * The body of start_job: a Job, of which every field is known and no other (contract/rest.md §3, §4). What a start cannot
 * set (jobState, id, statistics …) is checked and left out.
 */
export const StartBody = strictFields({
  jobId: whole64,
  cluster: words,
  subCluster: words,
  partition: words,
  project: words,
  user: words,
  shared: text.nullish().transform((value) => value ?? 'none'),
  monitoringStatus: int32.nullish().transform((value) => value ?? 1),
  startTime: whole64,
  duration: whole32,
  walltime: whole64,
  arrayJobId: whole64,
  numNodes: whole32,
  numHwthreads: whole32,
  numAcc: whole32,
  smt: whole32,
  energy: number,
  resources: listOf(Resource, { most: MOST_HOSTS })
    .nullish()
    .transform((list) => stored(list ?? [])),
  footprint: numbers,
  energyFootprint: numbers,
  metaData: mapOf(words)
    .nullish()
    .transform((value) => JSON.stringify(value ?? null)),
  tags: listOf(TagBody).nullish().transform(orNone),
  jobState: text.nullish(),
  requestedMemory: int64.nullish(),
  submitTime: int64.nullish(),
  id: int64.nullish(),
  statistics: mapOf(Statistic.nullable()).nullish(),
  concurrentJobs: strictFields({
    listQuery: text.nullish(),
    items: listOf(strictFields({ id: z.unknown(), jobId: int64.nullish() })).nullish(),
    count: int32.nullish(),
  }).nullish(),
}).transform(
  ({ jobState: _, requestedMemory, submitTime, id, statistics, concurrentJobs, ...job }) => job, // not stored
);

/** The body of stop_job. */
export const StopBody = strictFields({
  jobId: int64.nullish(),
  cluster: text.nullish(),
  startTime: int64.nullish(),
  jobState: words,
  stopTime: whole64,
});

/** Which job a body means: the newest with this id. */
export const JobBody = strictFields({ jobId: int64.nullish(), cluster: text.nullish(), startTime: int64.nullish() });

const MetaEntry = { key: words, value: words };
/** The body of edit_meta/{id}. */
export const MetaBody = strictFields(MetaEntry);

/** The body of edit_meta/. */
export const MetaOfJobBody = strictFields({
  jobId: int64.nullish(),
  cluster: text.nullish(),
  startTime: int64.nullish(),
  payload: strictFields(MetaEntry)
    .nullish()
    .transform((value) => value ?? { key: '', value: '' }),
});
