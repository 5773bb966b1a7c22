import { z } from 'zod';
import type { Bounds } from '../../jobs/field-kinds.ts';
import { FIELDS } from '../../jobs/fields.ts';
import { boundedMetadata, type CutEntry } from '../../jobs/input-bounds.ts';
import type { Resource as JobResource, StoredResources } from '../../jobs/job.ts';
import { sharedOfExclusive } from '../../jobs/job-enums.ts';
import { hostsProblem } from '../../jobs/job-validation.ts';
import { STOP_TIME, wholeNumbers } from '../../jobs/number-fields.ts';
import { submitTimeOf } from '../../jobs/submit-time.ts';
import { anyText, decimal, int32, int64, listOf, mapOf, strictFields, text, textWithin } from './body-values.ts';

// The schemas decode as Go does: null and a missing field read as the zero value.
interface Bounded {
  readonly bounds: Bounds;
}

const words = text.nullish().transform((value) => value ?? '');
const anyWords = anyText.nullish().transform((value) => value ?? '');
const wordsWithin = (name: Parameters<typeof textWithin>[0]) =>
  textWithin(name)
    .nullish()
    .transform((value) => value ?? '');
/** Documents only the bounds that the type does not have. jobs/job-validation.ts checks all of them. */
const whole = ({ bounds: { least, orZero, most } }: Bounded) => {
  const type: z.ZodType<number | bigint> = most < 2n ** 31n ? int32 : int64;
  return type
    .meta({ minimum: orZero ? 0 : Number(least) })
    .nullish()
    .transform((value) => value ?? 0);
};
const time = ({ aheadSec }: { readonly aheadSec: number }) =>
  int64
    .meta({ minimum: 0, description: `Unix seconds, at most ${aheadSec} s ahead` })
    .nullish()
    .transform((value) => value ?? 0);
const number = decimal.nullish().transform((value) => value ?? 0);
const numbers = mapOf(number, 'footprint')
  .nullish()
  .transform((value) => value ?? null);

const orNone = <Item>(list: Item[] | null | undefined): Item[] => list ?? [];

const Resource = strictFields({
  hostname: words,
  configuration: words,
  hwthreads: listOf(int32, 'hwthreads').nullish().transform(orNone),
  accelerators: listOf(text, 'accelerators').nullish().transform(orNone),
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

/** Turns the resources into JSON. Whole objects would be copied one by one on their way to the database. */
function stored(resources: readonly JobResource[]): StoredResources {
  return {
    hosts: resources.length,
    firstHost: resources[0]?.hostname ?? '',
    isUnnamed: resources.some(({ hostname }) => hostname === ''),
    problem: hostsProblem(resources),
    json: JSON.stringify(resources),
  };
}

/** A tag in a body. A missing scope reads as ''. */
export const TagBody = strictFields({
  type: wordsWithin('tagType'),
  name: wordsWithin('tagName'),
  scope: words,
  id: int64.nullish(),
});
/** A tag of a job that starts. If it is too long, tagsOfStart leaves it out and the job is still stored. */
const StartTag = strictFields({ type: anyWords, name: anyWords, scope: anyWords, id: int64.nullish() });

/** Returns metadata as JSON, cut to the bounds: a long job script must not lose the job. */
function storedMetadata(value: Record<string, string> | null | undefined): {
  json: string;
  cut: CutEntry[];
  texts: Record<string, string>;
} {
  if (value === null || value === undefined) return { json: 'null', cut: [], texts: {} };
  const { metaData, cut } = boundedMetadata(value);
  return { json: JSON.stringify(metaData), cut, texts: metaData };
}

/**
 * The body of start_job: a Job. Unknown fields are refused (contract/rest.md §3, §4). Fields that a start cannot set
 * (jobState, id, statistics …) are checked and left out.
 */
export const StartBody = strictFields({
  jobId: whole(FIELDS['job-id']),
  cluster: words,
  subCluster: words,
  partition: words,
  project: words,
  user: words,
  shared: text.nullish(),
  /** What older adapters send in place of `shared`. */
  exclusive: int32.nullish(),
  ...wholeNumbers((number) => (number.kind === 'time' ? time(number) : whole(number))),
  monitoringStatus: int32.nullish().transform((value) => value ?? 1),
  arrayJobId: whole(FIELDS['array-job-id']),
  energy: number,
  resources: listOf(Resource, 'resources')
    .nullish()
    .transform((list) => stored(list ?? [])),
  footprint: numbers,
  energyFootprint: numbers,
  metaData: mapOf(anyWords, 'metaEntries').nullish().transform(storedMetadata),
  tags: listOf(StartTag, 'tagsInBody').nullish().transform(orNone),
  jobState: text.nullish(),
  requestedMemory: int64.nullish(),
  id: int64.nullish(),
  statistics: mapOf(Statistic.nullable(), 'footprint').nullish(),
  concurrentJobs: strictFields({
    listQuery: text.nullish(),
    items: listOf(strictFields({ id: z.unknown(), jobId: int64.nullish() })).nullish(),
    count: int32.nullish(),
  }).nullish(),
}).transform(({ jobState: _, requestedMemory, exclusive, id, statistics, concurrentJobs, metaData, ...job }) => ({
  ...job, // the others are not stored
  shared: job.shared ?? sharedOfExclusive(exclusive ?? 1) ?? `exclusive ${exclusive}`,
  submitTime: submitTimeOf(job, metaData.texts),
  metaData: metaData.json,
  cutMetadata: metaData.cut,
}));

const End = { jobState: words, stopTime: time(STOP_TIME) };
/** The body of stop_job/{id}. */
export const StopBody = strictFields(End);

/** The body of stop_job/. */
export const StopOfJobBody = strictFields({
  jobId: int64.nullish(),
  cluster: text.nullish(),
  startTime: int64.nullish(),
  ...End,
});

/** A body that selects a job: the newest one with this id. */
export const JobBody = strictFields({ jobId: int64.nullish(), cluster: text.nullish(), startTime: int64.nullish() });

const MetaEntry = { key: wordsWithin('metaKey'), value: wordsWithin('metaValue') };
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
