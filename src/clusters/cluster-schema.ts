import { z } from 'zod';

/** From the whole node to one hardware thread, the coarsest first, and accelerators. */
export const SCOPES = ['node', 'socket', 'memoryDomain', 'core', 'hwthread', 'accelerator'] as const;
export type Scope = (typeof SCOPES)[number];

/** The statistic of a metric's samples that a footprint value contains. */
export type FootprintStat = 'avg' | 'min' | 'max' | (string & {});

// cc-backend decodes with Go's rules: missing and null values become the zero value, and unknown fields are ignored.
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const number = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
const listOf = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .nullish()
    .transform((value) => value ?? []);

export const UnitSchema = z.object({ base: text, prefix: text });
/** A unit such as `G` + `F/s`. */
export type Unit = z.output<typeof UnitSchema>;

const unit = UnitSchema.nullish().transform((value) => value ?? { base: '', prefix: '' });
const quantity = z
  .object({ unit, value: number })
  .nullish()
  .transform((value) => value ?? { unit: { base: '', prefix: '' }, value: 0 });

const MetricOverrideSchema = z.object({
  name: text,
  unit,
  peak: number,
  normal: number,
  caution: number,
  alert: number,
  footprint: text,
  energy: text,
  lowerIsBetter: flag,
  restrict: flag,
  remove: flag,
});
export type MetricOverride = z.output<typeof MetricOverrideSchema>;

const MetricConfigSchema = z.object({
  name: text,
  unit,
  scope: z
    .union([z.enum(SCOPES), z.literal('')], { error: `must be one of ${SCOPES.join(', ')}` })
    .nullish()
    .transform((value) => value || 'node'),
  timestep: z.int().min(1, 'must be at least 1 second'),
  aggregation: text,
  footprint: text,
  energy: text,
  peak: number,
  normal: number,
  caution: number,
  alert: number,
  lowerIsBetter: flag,
  restrict: flag,
  subClusters: listOf(MetricOverrideSchema),
});
export type MetricConfig = z.output<typeof MetricConfigSchema>;

const ids = z
  .array(z.int())
  .nullish()
  .transform((value) => value ?? null);
const idLists = z
  .array(ids)
  .nullish()
  .transform((value) => value ?? null);

const TopologySchema = z.object({
  node: ids,
  socket: idLists,
  memoryDomain: idLists,
  die: idLists,
  core: idLists,
  accelerators: listOf(z.object({ id: text, type: text, model: text })),
});

const SubClusterSchema = z.object({
  name: text,
  nodes: text,
  processorType: text,
  socketsPerNode: number,
  coresPerSocket: number,
  threadsPerCore: number,
  flopRateScalar: quantity,
  flopRateSimd: quantity,
  memoryBandwidth: quantity,
  topology: TopologySchema.nullish().transform(
    (value) => value ?? { node: null, socket: null, memoryDomain: null, die: null, core: null, accelerators: [] },
  ),
  footprint: listOf(z.string()),
  energyFootprint: listOf(z.string()),
});
export type SubClusterFile = z.output<typeof SubClusterSchema>;

/** A cluster.json (contract/archive.md §6). Lenient, except where cc-backend refuses to start. */
export const ClusterFileSchema = z.object({
  name: z.string().min(1, 'is empty'),
  metricConfig: z.array(MetricConfigSchema).min(1, 'has no metric'),
  subClusters: z.array(SubClusterSchema).min(1, 'has no subcluster'),
});
/** A decoded cluster.json before anything is derived from it. */
export type ClusterFile = z.output<typeof ClusterFileSchema>;
