import type { Field } from './field-kinds.ts';

/** An exabyte in MB. */
const MEMORY_BITS = 40;

/** The entries of fields.ts for what a job asked for and cc-backend has no column for. */
export const ASKED_ENTRIES = {
  'memory-asked': {
    kind: 'derived',
    property: 'memoryAsked',
    unit: 'MB',
    bits: MEMORY_BITS,
    sortable: true,
    form: { group: 'Resources', label: 'Memory asked for (MB)' },
    api: {
      words:
        'MB of memory that the job asked for on all of its nodes; jobs whose metadata does not say it do not match',
      example: '64000-',
    },
  },
} as const satisfies Record<string, Extract<Field, { kind: 'derived' }>>;

/** The entries of fields.ts for the parts of what a job asked for that it used (used-fractions.ts). */
export const FRACTION_ENTRIES = {
  'walltime-used': {
    kind: 'fraction',
    property: 'walltimeUsed',
    sortable: true,
    form: { group: 'Resources', label: 'Walltime used' },
    api: { words: 'duration / walltime, of jobs that have ended', example: '-0.1' },
  },
  'cores-used': {
    kind: 'fraction',
    property: 'coresUsed',
    sortable: true,
    form: { group: 'Resources', label: 'Cores used' },
    api: { words: 'average load per hardware thread of the job', example: '-0.5' },
  },
  'memory-used': {
    kind: 'fraction',
    property: 'memoryUsed',
    sortable: true,
    form: { group: 'Resources', label: 'Memory used' },
    api: { words: 'memory used / memory that the job asked for, or that of its nodes', example: '0.9-' },
  },
  'acc-used': {
    kind: 'fraction',
    property: 'accUsed',
    sortable: true,
    form: { group: 'Resources', label: 'Accelerators used' },
    api: { words: 'average utilization of the accelerators', example: '-0.25' },
  },
} as const satisfies Record<string, Extract<Field, { kind: 'fraction' }>>;
