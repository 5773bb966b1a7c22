import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { z } from 'zod';
import { SCOPES, type Scope, UnitSchema } from '../clusters/cluster-schema.ts';
import { hasCode, ifThere, readRegularFile, readRegularText } from './file-access.ts';
import { DATA_FILE, PACKED_DATA_FILE } from './layout.ts';
import { MAX_DATA_BYTES } from './metric-data-limits.ts';

const nullToZero = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);
// A single loop over the samples. z.array() takes five times as long for the million samples of a large job.
const samples = z.custom<(number | null)[]>(
  (value) => Array.isArray(value) && value.every((sample) => sample === null || typeof sample === 'number'),
  'must be numbers or null',
);
const optionalSamples = samples.nullish().transform((value) => value ?? []);

const SeriesSchema = z.object({
  hostname: z.string().default(''),
  id: z.string().nullish(),
  statistics: z
    .object({ min: nullToZero, avg: nullToZero, max: nullToZero })
    .nullish()
    .transform((value) => value ?? { min: 0, avg: 0, max: 0 }),
  data: optionalSamples,
});
/** The samples of one host, socket or core. null is a missing sample. */
export type Series = z.output<typeof SeriesSchema>;

const StatisticsSeriesSchema = z.object({
  mean: optionalSamples,
  median: optionalSamples,
  min: optionalSamples,
  max: optionalSamples,
  percentiles: z.record(z.string(), samples).nullish(),
});
/** Statistics over all series, one value per time step. */
export type StatisticsSeries = z.output<typeof StatisticsSeriesSchema>;

const JobMetricSchema = z.object({
  unit: UnitSchema.nullish().transform((value) => value ?? { base: '', prefix: '' }),
  timestep: z.int().min(0),
  series: z
    .array(SeriesSchema)
    .nullish()
    .transform((value) => value ?? []),
  statisticsSeries: StatisticsSeriesSchema.nullish(),
});
/** One metric at one scope (contract/archive.md §3). */
export type JobMetric = z.output<typeof JobMetricSchema>;

const JobDataSchema = z.record(z.string(), z.record(z.string(), z.unknown()).nullable());

/** metric -> scope -> data. */
export type JobData = Map<string, Map<Scope, JobMetric>>;

/**
 * Reads the data of a job from data.json.gz or else data.json. Checks only the requested metrics (null: all). Throws if
 * both files are missing, one is unreadable or invalid, or the unpacked data exceeds MAX_DATA_BYTES.
 */
export async function readJobData(
  folder: string,
  metrics: readonly string[] | null,
  without: readonly string[] = [],
): Promise<JobData> {
  return decodeJobData(await readDataText(folder), metrics, without);
}

/** Does what `readJobData` does with one of the two files, by its path. Checks all metrics. */
export async function readDataFile(path: string): Promise<JobData> {
  const text = path.endsWith('.gz') ? await unpacked(path) : await readRegularText(path, MAX_DATA_BYTES);
  if (text === undefined) throw new Error(`${path} does not exist`);
  return decodeJobData(text, null, []);
}

function decodeJobData(text: string, metrics: readonly string[] | null, without: readonly string[]): JobData {
  const decoded = JobDataSchema.parse(JSON.parse(text));
  const wanted = (metrics ?? Object.keys(decoded)).filter((metric) => !without.includes(metric));
  const data: JobData = new Map();
  for (const metric of wanted) {
    const perScope = Object.hasOwn(decoded, metric) ? decoded[metric] : undefined;
    if (perScope === undefined || perScope === null) continue;
    const known = SCOPES.filter((scope) => Object.hasOwn(perScope, scope));
    data.set(metric, new Map(known.map((scope) => [scope, JobMetricSchema.parse(perScope[scope])])));
  }
  return data;
}

const unzip = promisify(gunzip);

async function readDataText(folder: string): Promise<string> {
  const packed = join(folder, PACKED_DATA_FILE);
  const plain = join(folder, DATA_FILE);
  const text = (await unpacked(packed)) ?? (await ifThere(readRegularText(plain, MAX_DATA_BYTES)));
  if (text !== undefined) return text;
  // It was compressed between the two looks.
  return (await unpacked(packed)) ?? (await readRegularText(plain, MAX_DATA_BYTES));
}

/** Undefined if there is no such file. */
async function unpacked(path: string): Promise<string | undefined> {
  const bytes = await ifThere(readRegularFile(path, MAX_DATA_BYTES));
  if (bytes === undefined) return undefined;
  try {
    return (await unzip(bytes, { maxOutputLength: MAX_DATA_BYTES })).toString('utf8');
  } catch (cause) {
    if (!hasCode(cause, 'ERR_BUFFER_TOO_LARGE')) throw cause;
    throw new Error(`${path} unpacks to more than the limit of ${MAX_DATA_BYTES} bytes`, { cause });
  }
}
