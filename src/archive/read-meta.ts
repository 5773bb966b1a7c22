import { join } from 'node:path';
import { z } from 'zod';
import { unitJson } from '../clusters/cluster-json.ts';
import { UnitSchema } from '../clusters/cluster-schema.ts';
import { readRegularText } from './file-access.ts';
import { META_FILE } from './layout.ts';

/** Limit for the size of a meta.json. Real files contain a job script at most. */
export const MAX_META_BYTES = 16 * 1024 * 1024;

const number = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);

const StatisticSchema = z.object({
  unit: UnitSchema.nullish().transform((value) => value ?? { base: '', prefix: '' }),
  avg: number,
  min: number,
  max: number,
});

/** The `statistics` of a meta.json. Missing and null values become zero. */
export const StatisticsSchema = z.record(z.string(), StatisticSchema).nullish();

const StatisticsOfMeta = z.object({ statistics: StatisticsSchema });

/** The text of a job's meta.json. Throws if it is missing, unreadable or larger than MAX_META_BYTES. */
export async function readMetaText(folder: string): Promise<string> {
  return await readRegularText(join(folder, META_FILE), MAX_META_BYTES);
}

/**
 * The statistics of a job as JSON text, or null if meta.json has none. With `metrics`, only those, and `{}` instead of
 * null. Throws like readMetaText.
 */
export async function readStatistics(folder: string, metrics?: readonly string[]): Promise<string | null> {
  const { statistics } = StatisticsOfMeta.parse(JSON.parse(await readMetaText(folder)));
  if ((statistics === null || statistics === undefined) && metrics === undefined) return null;
  const entries = Object.entries(statistics ?? {})
    .filter(([metric]) => metrics === undefined || metrics.includes(metric))
    .map(([metric, { unit, avg, min, max }]) => [metric, { unit: unitJson(unit), avg, min, max }]);
  return JSON.stringify(Object.fromEntries(entries));
}
