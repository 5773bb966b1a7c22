import { JOB_STATES, SHARED } from '../../jobs/job.ts';

/** Texts, typed as they are; `operators` where there is more than "is". */
export interface TextField {
  name: string;
  label: string;
  operators: boolean;
}

export const TEXT_FIELDS: readonly TextField[] = [
  { name: 'user', label: 'User', operators: true },
  { name: 'project', label: 'Project', operators: true },
  { name: 'job-name', label: 'Job name', operators: true },
  { name: 'node', label: 'Node', operators: true },
  { name: 'partition', label: 'Partition', operators: false },
];

/** From the operator of a form to the end of a parameter's name. */
export const OPERATORS = [
  { suffix: '', label: 'is' },
  { suffix: '.contains', label: 'contains' },
  { suffix: '.starts-with', label: 'starts with' },
  { suffix: '.not', label: 'is not' },
] as const;

/** Some of a few: what can be chosen of `cluster` and `subcluster` is a matter of the configuration. */
export const CHOICE_FIELDS = [
  { name: 'cluster', label: 'Cluster' },
  { name: 'subcluster', label: 'Subcluster' },
  { name: 'state', label: 'State' },
  { name: 'shared', label: 'Sharing of nodes' },
  { name: 'tag', label: 'Tag' },
] as const;

/** Choices that are always the same. */
export const FIXED_CHOICES: Readonly<Record<string, readonly { value: string; label: string }[]>> = {
  state: JOB_STATES.map((state) => ({ value: state, label: words(state) })),
  shared: SHARED.map((shared) => ({ value: shared, label: shared === 'none' ? 'not shared' : words(shared) })),
};

export const ID_FIELDS = [
  { name: 'job-id', label: 'Job ids' },
  { name: 'array-job-id', label: 'Array job ids' },
  { name: 'db-id', label: 'Database ids' },
] as const;

export type RangeKind = 'duration' | 'whole' | 'decimal';

export interface RangeField {
  name: string;
  label: string;
  kind: RangeKind;
  unit: string;
}

export const RANGE_FIELDS: readonly RangeField[] = [
  { name: 'duration', label: 'Duration', kind: 'duration', unit: '' },
  { name: 'num-nodes', label: 'Nodes', kind: 'whole', unit: '' },
  { name: 'num-hwthreads', label: 'Hardware threads', kind: 'whole', unit: '' },
  { name: 'num-acc', label: 'Accelerators', kind: 'whole', unit: '' },
  { name: 'energy', label: 'Energy', kind: 'decimal', unit: 'kWh' },
];

export const RECENT = [
  { value: 'last6h', label: 'last 6 hours' },
  { value: 'last24h', label: 'last 24 hours' },
  { value: 'last7d', label: 'last 7 days' },
  { value: 'last30d', label: 'last 30 days' },
] as const;

export const SCHEDULES = ['interactive', 'batch'] as const;

/** `out_of_memory` as people write it. */
export function words(name: string): string {
  return name.replaceAll('_', ' ');
}
