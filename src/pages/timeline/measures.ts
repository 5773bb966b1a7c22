import type { ClusterSize } from '../../clusters/cluster-size.ts';
import type { Whole } from '../../jobs/statistics.ts';
import type { TimelinePoint } from '../../jobs/timeline.ts';

/** A number of a timeline that a page shows. */
export interface Measure {
  readonly label: string;
  /** Null if it is unknown. */
  readonly of: (point: TimelinePoint) => number | null;
  /** What of a cluster's size it can use, in hours. */
  readonly capacity?: keyof ClusterSize;
  /** True if the numbers of groups add up, and those of buckets. */
  readonly addsUp: { readonly groups: boolean; readonly buckets: boolean };
  readonly unit: 'h' | 'kWh' | 'jobs' | 's';
}

const COUNTED = { addsUp: { groups: true, buckets: true }, unit: 'jobs' } as const;
const SPENT = { addsUp: { groups: true, buckets: true }, unit: 'h' } as const;
const WAITED = { addsUp: { groups: false, buckets: false }, unit: 's' } as const;

const ALL = {
  'core-hours': { label: 'Core hours', of: (point) => hours(point.coreSeconds), capacity: 'hwthreads', ...SPENT },
  'node-hours': { label: 'Node hours', of: (point) => hours(point.nodeSeconds), capacity: 'nodes', ...SPENT },
  'acc-hours': {
    label: 'Accelerator hours',
    of: (point) => hours(point.accSeconds),
    capacity: 'accelerators',
    ...SPENT,
  },
  energy: { label: 'Energy', of: ({ energy }) => energy, addsUp: SPENT.addsUp, unit: 'kWh' },
  running: {
    label: 'Running jobs',
    of: ({ running }) => running,
    addsUp: { groups: true, buckets: false },
    unit: 'jobs',
  },
  started: { label: 'Jobs started', of: ({ started }) => started, ...COUNTED },
  ended: { label: 'Jobs ended', of: ({ ended }) => ended, ...COUNTED },
  'wait-p50': { label: 'Waiting time, median', of: ({ waitP50 }) => known(waitP50), ...WAITED },
  'wait-p90': { label: 'Waiting time, 90th percentile', of: ({ waitP90 }) => known(waitP90), ...WAITED },
} as const satisfies Readonly<Record<string, Measure>>;

export type MeasureName = keyof typeof ALL;
export const MEASURES: Readonly<Record<MeasureName, Measure>> = ALL;
export const MEASURE_NAMES = Object.keys(ALL) as MeasureName[];

function hours(seconds: Whole): number {
  return Number(seconds) / 3600;
}

function known(value: Whole | null): number | null {
  return value === null ? null : Number(value);
}
