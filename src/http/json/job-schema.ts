import { z } from '@hono/zod-openapi';
import { isLeftOutAsZero, WIRE_NUMBERS, type WireNumber } from '../../jobs/api-number-fields.ts';
import { JOB_STATES, SHARED } from '../../jobs/job-enums.ts';

const int64 = () => z.number().openapi({ type: 'integer', format: 'int64' });
const map = <Value extends z.ZodType>(value: Value) => z.record(z.string(), value).nullable();

/** Descriptions of numbers that their unit does not explain. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  duration: 'seconds; of a running job, up to now',
  monitoringStatus: '1 running or archiving, 2 failed, 3 archived',
};

/** Counts have 32 bits in cc-backend, other whole numbers 64. */
function numberSchema(number: WireNumber) {
  const { property, kind } = number;
  const unit = 'unit' in number ? number.unit : undefined;
  const type = kind === 'decimal' ? z.number() : kind === 'whole' && unit === undefined ? z.int() : int64();
  const description = DESCRIPTIONS[property] ?? (kind === 'time' ? 'Unix seconds' : unit === 's' ? 'seconds' : unit);
  const schema = isLeftOutAsZero(number) ? type.optional() : type;
  return description === undefined ? schema : schema.openapi({ description });
}

/** A job as specified in contract/rest.md §3. Used for documentation only: SQLite writes the JSON of jobs. */
export const JobSchema = z
  .object({
    cluster: z.string(),
    subCluster: z.string(),
    partition: z.string().optional(),
    project: z.string(),
    user: z.string(),
    shared: z.enum(SHARED),
    jobState: z.enum(JOB_STATES),
    tags: z.array(z.object({ type: z.string(), name: z.string(), scope: z.string(), id: int64() })).optional(),
    resources: z.array(
      z.object({
        hostname: z.string(),
        configuration: z.string().optional(),
        hwthreads: z.array(z.int()).optional(),
        accelerators: z.array(z.string()).optional(),
      }),
    ),
    energyFootprint: map(z.number()),
    footprint: map(z.number()),
    metaData: map(z.string()),
    concurrentJobs: z.object({ items: z.null(), count: z.int() }),
    ...Object.fromEntries(WIRE_NUMBERS.map((number) => [number.property, numberSchema(number)])),
    id: int64().openapi({ description: 'database id' }),
    statistics: map(
      z.object({
        unit: z.object({ base: z.string(), prefix: z.string().optional() }),
        avg: z.number(),
        min: z.number(),
        max: z.number(),
      }),
    ),
  })
  .openapi('Job');

/** A metric of a job in one scope. */
export const JobMetricSchema = z
  .looseObject({
    unit: z.object({ base: z.string(), prefix: z.string().optional() }),
    timestep: z.int().openapi({ description: 'seconds' }),
    series: z.array(
      z.looseObject({ hostname: z.string(), id: z.string().optional(), data: z.array(z.number().nullable()) }),
    ),
  })
  .openapi('JobMetric');

/** An entry of a list of metrics. */
export const ScopedMetricSchema = z
  .object({ name: z.string(), scope: z.string(), metric: JobMetricSchema })
  .openapi('ScopedMetric');
