import type { Job, Tag } from '../../jobs/job.ts';
import type { MonitoringStatus } from '../../jobs/job-enums.ts';
import { wholeNumbers } from '../../jobs/number-fields.ts';
import { submitTimeOf } from '../../jobs/submit-time.ts';
import { jobStateOf, numberMap, resourcesOf, sharedOf, textMap } from '../job-values.ts';

/** Thrown if a row is not a job. The message has the reason. */
export class BadRow extends Error {
  override readonly name = 'BadRow';
}

type Row = Readonly<Record<string, unknown>>;

/** Returns the job of a row of another database. NULL becomes 0 or "", invalid JSON becomes null. Throws BadRow. */
export function jobOfRow(row: Row): Job {
  const state = textOf(row.job_state);
  const jobState = jobStateOf(state);
  if (jobState === undefined) throw new BadRow(`job_state '${state}' is unknown`);
  const shared = row.shared === null ? 'none' : sharedOf(textOf(row.shared));
  if (shared === undefined) throw new BadRow(`shared '${textOf(row.shared)}' is unknown`);
  const resources = resourcesOf(jsonOf(row.resources));
  if (resources === undefined) throw new BadRow('resources is not a list of hosts');
  const metaData = textMap(jsonOf(row.meta_data));
  const numbers = wholeNumbers(({ column }) => wholeOf(row[column]));
  return {
    jobId: idOf(row.job_id, 'job_id'),
    cluster: textOf(row.cluster),
    subCluster: textOf(row.subcluster),
    partition: textOf(row.cluster_partition),
    project: textOf(row.project),
    user: textOf(row.hpc_user),
    shared,
    jobState,
    ...numbers,
    submitTime: submitTimeOf(numbers, metaData),
    arrayJobId: idOf(row.array_job_id ?? '0', 'array_job_id'),
    monitoringStatus: monitoringStatusOf(row.monitoring_status),
    energy: typeof row.energy === 'number' && Number.isFinite(row.energy) ? row.energy : 0,
    resources,
    footprint: numberMap(jsonOf(row.footprint)),
    energyFootprint: numberMap(jsonOf(row.energy_footprint)),
    metaData,
    tags: tagsOf(row.tags),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function wholeOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : 0;
}

function idOf(value: unknown, column: string): number | bigint {
  const digits = textOf(value);
  if (!/^-?\d{1,19}$/.test(digits)) throw new BadRow(`${column} '${digits}' is not an integer`);
  const id = BigInt(digits);
  return BigInt(Number(id)) === id && Number.isSafeInteger(Number(id)) ? Number(id) : id;
}

/** Returns the stored value. NULL and values outside the schema read as the default of the column. */
function monitoringStatusOf(value: unknown): MonitoringStatus {
  return value === 0 || value === 2 || value === 3 ? value : 1;
}

function jsonOf(value: unknown): unknown {
  if (typeof value !== 'string') return null;
  try {
    return JSON.parse(value);
  } catch {
    return null;
  }
}

function tagsOf(value: unknown): Tag[] {
  if (!Array.isArray(value)) return [];
  return value.map(([type, name, scope]: unknown[]) => ({
    type: textOf(type),
    name: textOf(name),
    scope: textOf(scope) || 'global',
  }));
}
