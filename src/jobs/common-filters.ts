import type { JobFilter } from './filter.ts';
import { FAILED_STATES } from './job-enums.ts';

export const RUNNING: JobFilter = [{ kind: 'member', field: 'state', values: ['running'] }];
export const FAILED: JobFilter = [{ kind: 'member', field: 'state', values: FAILED_STATES }];
