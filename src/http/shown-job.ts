import { z } from 'zod';

/** Of ES2026: TypeScript's libraries do not know the text of a number yet. */
type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown;

const whole = z.union([z.number(), z.bigint()]);
const zero = whole.default(0);
const map = <Value extends z.ZodType>(value: Value) =>
  z
    .record(z.string(), value)
    .nullable()
    .transform((all) => all ?? {});

const Resource = z.looseObject({
  hostname: z.string().catch(''),
  hwthreads: z.array(z.unknown()).optional().catch(undefined),
  accelerators: z.array(z.unknown()).optional().catch(undefined),
});

/** A job as a page shows it: the REST object, with 0 and '' for what that leaves out. */
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
  resources: z
    .array(Resource)
    .nullable()
    .catch(null)
    .transform((list) => list ?? []),
  footprint: map(z.unknown()),
  metaData: map(z.unknown()),
  energy: z.number().nullable(),
  arrayJobId: zero,
  walltime: zero,
  duration: whole,
  numNodes: whole,
  startTime: whole,
  smt: zero,
  numAcc: zero,
  numHwthreads: zero,
  monitoringStatus: zero,
});
export type ShownJob = z.output<typeof ShownJob>;

/** The job of one JSON text; a whole number that would be rounded is a bigint. */
export function shownJob(text: string): ShownJob {
  return ShownJob.parse(
    parse(text, (_, value, { source = '' }) =>
      typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value,
    ),
  );
}

/** A text of the metadata; '' without it. */
export function metaText({ metaData }: ShownJob, key: string): string {
  const value = Object.hasOwn(metaData, key) ? metaData[key] : undefined;
  return typeof value === 'string' ? value : '';
}
