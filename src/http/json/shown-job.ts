import { z } from 'zod';
import { DERIVED_FIELDS } from '../../jobs/fields.ts';
import { byProperty, JOB_NUMBERS } from '../../jobs/number-fields.ts';

/**
 * JSON.parse of ES2026. The libraries of TypeScript do not declare yet that a reviver receives the text of a number.
 */
type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown;

const whole = z.union([z.number(), z.bigint()]);
const zero = whole.default(0);
const map = <Value extends z.ZodType>(value: Value) =>
  z
    .record(z.string(), value)
    .nullable()
    .transform((all) => all ?? {});

/** A job as a page shows it: the brief REST object (src/questions/one-job/job-json.ts). Absent members are 0 or ''. */
const ShownJob = z.object({
  id: whole,
  jobId: whole,
  cluster: z.string(),
  subCluster: z.string(),
  partition: z.string().default(''),
  project: z.string(),
  user: z.string(),
  shared: z.string(),
  jobState: z.string(),
  tags: z.array(z.object({ type: z.string(), name: z.string(), scope: z.string(), id: whole })).default([]),
  /** The name of each host, and its number of threads and of accelerators. */
  hosts: z.object({ count: z.int(), first: z.array(z.tuple([z.string(), z.int(), z.int()])) }),
  footprint: map(z.unknown()),
  jobName: z.string(),
  /** The key of each entry, the beginning of its text, and the length of the whole text in characters. */
  metadata: z.object({ count: z.int(), first: z.array(z.tuple([z.string(), z.string(), z.int()])) }),
  arrayJobId: zero,
  ...byProperty([...JOB_NUMBERS, ...DERIVED_FIELDS], {
    whole: zero,
    decimal: z.number().nullable(),
    derived: whole.optional(),
  }),
});
export type ShownJob = z.output<typeof ShownJob>;

/** Parses one job. A whole number becomes a bigint if a number would round it. */
export function shownJob(text: string): ShownJob {
  return ShownJob.parse(
    parse(text, (_, value, { source = '' }) =>
      typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value,
    ),
  );
}
