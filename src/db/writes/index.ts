import type { Write } from '../transaction.ts';
import { createIndex, dropIndexes, missingIndexes } from './bulk-indexes.ts';
import { copyConfiguration, copyNodeStates, copyNodes, copyTags, copyUsers } from './copy-rows.ts';
import { insertJobs } from './insert-jobs.ts';

/** Every write there is, by the name it is asked for. */
export const WRITES = {
  insertJobs,
  missingIndexes,
  dropIndexes,
  createIndex,
  copyTags,
  copyUsers,
  copyConfiguration,
  copyNodes,
  copyNodeStates,
} as const;

export type WriteName = keyof typeof WRITES;
export type WriteInput<Name extends WriteName> =
  (typeof WRITES)[Name] extends Write<infer Input, unknown> ? Input : never;
export type WriteOutput<Name extends WriteName> =
  (typeof WRITES)[Name] extends Write<never, infer Output> ? Output : Awaited<ReturnType<(typeof WRITES)[Name]>>;
