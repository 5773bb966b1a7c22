import { z } from '@hono/zod-openapi';
import { JOB_STATES, SHARED } from '../../jobs/job-enums.ts';

const int64 = () => z.number().openapi({ type: 'integer', format: 'int64' });
const map = <Value extends z.ZodType>(value: Value) => z.record(z.string(), value).nullable();

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
    energy: z.number().openapi({ description: 'kWh' }),
    arrayJobId: int64().optional(),
    walltime: int64().optional().openapi({ description: 'seconds' }),
    submitTime: int64().optional().openapi({ description: 'Unix seconds' }),
    jobId: int64(),
    duration: int64().openapi({ description: 'seconds; of a running job, up to now' }),
    numNodes: z.int(),
    startTime: int64().openapi({ description: 'Unix seconds' }),
    smt: z.int().optional(),
    numAcc: z.int().optional(),
    numHwthreads: z.int().optional(),
    monitoringStatus: z.int().optional().openapi({ description: '1 running or archiving, 2 failed, 3 archived' }),
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
