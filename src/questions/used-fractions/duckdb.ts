import { FIELDS, type FractionField } from '../../jobs/fields.ts';
import { ENDED_STATES } from '../../jobs/job-enums.ts';
import type { NodePeaks, Peak } from '../../jobs/node-peaks.ts';
import { MEASURED, USED_KEYS, type UsedKey } from '../../jobs/used-fractions.ts';
import type { Parameters } from '../duckdb-query.ts';
import { footprintName, indexColumn, membersOf } from '../index-columns.ts';

/** The part of FilterContext (src/questions/where/duckdb.ts) that fractions need. */
interface Context {
  readonly parameters: Parameters;
  readonly footprintKeys: readonly string[];
  readonly nodePeaks?: readonly NodePeaks[] | undefined;
}

const NONE = membersOf(FIELDS.shared).indexOf('none');
const ENDED = ENDED_STATES.map((state) => membersOf(FIELDS.state).indexOf(state)).join(', ');

/** The value in src/questions/used-fractions/sqlite.ts. */
export function fractionColumn({ name }: FractionField, context: Context): string {
  const of = (key: UsedKey) => storedValue(key, context);
  const isMeasured = (key: UsedKey) => `${of(key)} BETWEEN ${double(MEASURED.least)} AND ${double(MEASURED.most)}`;
  switch (name) {
    case 'walltime-used':
      return `(CASE WHEN job_state IN (${ENDED}) AND walltime > 0 THEN ${double('duration')} / ${double('walltime')} END)`;
    case 'cores-used':
      return `(CASE WHEN shared = ${NONE} AND num_nodes > 0 AND num_hwthreads > 0 AND ${isMeasured('load')}
        THEN ${of('load')} * ${double('num_nodes')} / ${double('num_hwthreads')} END)`;
    case 'memory-used':
      return `(CASE WHEN shared = ${NONE} THEN CASE WHEN ${isMeasured('memory')} THEN ${of('memory')}
        WHEN ${isMeasured('averageMemory')} THEN ${of('averageMemory')} END / ${memoryOf(context)} END)`;
    case 'acc-used':
      return `(CASE WHEN num_acc > 0 THEN CASE WHEN ${isMeasured('accelerators')} THEN ${of('accelerators')}
        WHEN ${of('accelerators')} = 0 AND (${isMeasured('load')} OR ${isMeasured('memory')} OR ${isMeasured('averageMemory')})
        THEN ${double('0')} END / ${peakOf('accelerators', context)} END)`;
  }
}

function memoryOf(context: Context): string {
  const memory = double(indexColumn(FIELDS['memory-asked']));
  const asked = `CASE WHEN num_nodes > 0 THEN ${memory} * ${peakOf('memoryOfMb', context)} / ${double('num_nodes')} END`;
  return `coalesce(${asked}, ${peakOf('memory', context)})`;
}

/** NULL for a key that no job has. */
function storedValue(key: UsedKey, { footprintKeys }: Context): string {
  const index = footprintKeys.indexOf(USED_KEYS[key]);
  return index < 0 ? double('NULL') : footprintName(index);
}

function peakOf(peak: Peak, { nodePeaks = [], parameters }: Context): string {
  const cases = nodePeaks.flatMap(({ cluster, subCluster, [peak]: value }) =>
    value === undefined
      ? []
      : [
          `WHEN cluster = ${parameters.add(cluster)} AND subcluster = ${parameters.add(subCluster)} THEN ${double(parameters.add(value))}`,
        ],
  );
  return cases.length === 0 ? double('NULL') : `CASE ${cases.join(' ')} END`;
}

function double(value: string | number): string {
  return `CAST(${value} AS DOUBLE)`;
}
