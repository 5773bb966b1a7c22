import { FIELDS } from './fields.ts';
import { JOB_NUMBERS } from './number-fields.ts';

/** The order of the numbers of a job in the API of cc-backend (contract/rest.md §3). Numbers of our own follow them. */
const ORDER = [
  'energy',
  'arrayJobId',
  'walltime',
  'submitTime',
  'jobId',
  'duration',
  'numNodes',
  'startTime',
  'smt',
  'numAcc',
  'numHwthreads',
  'monitoringStatus',
];

/** These are there even if they are 0, and so are decimals. */
const ALWAYS: readonly string[] = ['jobId', 'duration', 'numNodes', 'startTime'];

/** The numbers of a job in the API, in their order, except its database id. */
export const WIRE_NUMBERS = [...JOB_NUMBERS, FIELDS['job-id'], FIELDS['array-job-id']].toSorted(
  (a, b) => positionOf(a) - positionOf(b),
);

export type WireNumber = (typeof WIRE_NUMBERS)[number];

/** True if the member is left out of the JSON if the number is 0. */
export function isLeftOutAsZero({ property, kind }: WireNumber): boolean {
  return kind !== 'decimal' && !ALWAYS.includes(property);
}

function positionOf({ property }: { property: string }): number {
  const position = ORDER.indexOf(property);
  return position < 0 ? ORDER.length : position;
}
