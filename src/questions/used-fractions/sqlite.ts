import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { ASKED_MEMORY } from '../../db/sql/stored-asked-memory.ts';
import { jsonNumber } from '../../db/sql/stored-json.ts';
import type { FractionField } from '../../jobs/fields.ts';
import type { NodePeaks, Peak } from '../../jobs/node-peaks.ts';
import { MEASURED, USED_KEYS, type UsedKey } from '../../jobs/used-fractions.ts';
import { HAS_ENDED } from '../where/run-times.ts';

const NODES = sql`CAST(job.num_nodes AS INTEGER)`;
const THREADS = sql`CAST(job.num_hwthreads AS INTEGER)`;
const WALLTIME = sql`CAST(job.walltime AS INTEGER)`;
const DURATION = sql`CAST(job.duration AS INTEGER)`;
const IS_ALONE = sql<SqlBool>`job.shared = 'none'`;

/** A fraction of the current job (src/jobs/used-fractions.ts), or NULL. */
export function fractionValue({ name }: FractionField, peaks: readonly NodePeaks[] = []): RawBuilder<unknown> {
  switch (name) {
    case 'walltime-used':
      return sql`(CASE WHEN ${HAS_ENDED} AND ${WALLTIME} > 0 THEN ${real(DURATION)} / ${real(WALLTIME)} END)`;
    case 'cores-used':
      return sql`(CASE WHEN ${IS_ALONE} AND ${NODES} > 0 AND ${THREADS} > 0 AND ${isMeasured('load')}
        THEN ${of('load')} * ${real(NODES)} / ${real(THREADS)} END)`;
    case 'memory-used':
      return sql`(CASE WHEN ${IS_ALONE} THEN CASE WHEN ${isMeasured('memory')} THEN ${of('memory')}
        WHEN ${isMeasured('averageMemory')} THEN ${of('averageMemory')} END / ${memoryOf(peaks)} END)`;
    case 'acc-used':
      return sql`(CASE WHEN CAST(job.num_acc AS INTEGER) > 0 THEN CASE WHEN ${isMeasured('accelerators')} THEN ${of('accelerators')}
        WHEN ${of('accelerators')} = 0 AND (${isMeasured('load')} OR ${isMeasured('memory')} OR ${isMeasured('averageMemory')})
        THEN 0.0 END / ${peakOf('accelerators', peaks)} END)`;
  }
}

/** The memory that the job asked for on a node, or that of the node. */
function memoryOf(peaks: readonly NodePeaks[]): RawBuilder<unknown> {
  const known = peaks.some(({ memoryOfMb }) => memoryOfMb !== undefined);
  if (!known) return peakOf('memory', peaks); // the metadata is not read for nothing
  const asked = sql`CASE WHEN ${NODES} > 0 THEN ${real(sql.raw(ASKED_MEMORY))} * ${peakOf('memoryOfMb', peaks)} / ${real(NODES)} END`;
  return sql`coalesce(${asked}, ${peakOf('memory', peaks)})`;
}

function of(key: UsedKey): RawBuilder<unknown> {
  return real(jsonNumber(sql.ref('job.footprint'), USED_KEYS[key]));
}

function isMeasured(key: UsedKey): RawBuilder<SqlBool> {
  return sql`${of(key)} BETWEEN ${sql.lit(MEASURED.least)} AND ${sql.lit(MEASURED.most)}`;
}

/** NULL without a peak. */
function peakOf(peak: Peak, peaks: readonly NodePeaks[]): RawBuilder<unknown> {
  const known = peaks.flatMap(({ cluster, subCluster, [peak]: value }) =>
    value === undefined ? [] : [{ cluster, subCluster, value }],
  );
  if (known.length === 0) return sql`NULL`;
  const cases = known.map(
    ({ cluster, subCluster, value }) =>
      sql`WHEN job.cluster = ${cluster} AND job.subcluster = ${subCluster} THEN ${real(sql`${value}`)}`,
  );
  return sql`CASE ${sql.join(cases, sql` `)} END`;
}

function real(value: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`CAST(${value} AS REAL)`;
}
