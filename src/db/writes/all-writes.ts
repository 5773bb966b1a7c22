import type { Write } from '../driver/transaction.ts';
import { addAccount, changeAccount, deleteAccount, editAccount, syncAccount } from './accounts.ts';
import { archiveFollowed } from './archive-queue.ts';
import { createIndex, dropIndexes, missingIndexes } from './bulk-load-indexes.ts';
import { moveCached } from './cached-jobs.ts';
import { claimIdleWork, claimTimedWork, endTimedWork, renewTimedWork } from './claim-timed-work.ts';
import { copyConfiguration, copyNodeStates, copyNodes, copyTags, copyUsers } from './copy-rows.ts';
import { deleteExported, exportEnded } from './delete-exported.ts';
import { deleteJob, deleteJobOf, deleteJobsBefore } from './delete-jobs.ts';
import { editMeta, editMetaOf } from './edit-meta.ts';
import { endOverdueJobs, updateDurations } from './end-overdue-jobs.ts';
import { fillSubmitTimes } from './fill-submit-times.ts';
import { insertJobs } from './insert-jobs.ts';
import { leftArchive, lostInArchive } from './monitoring-status.ts';
import { addNodeStates, deleteNodeStates } from './node-states.ts';
import { publishClusters } from './publish-clusters.ts';
import { deleteFilter, renameFilter, saveFilter } from './save-filter.ts';
import { saveSetting } from './save-setting.ts';
import { startJob } from './start-job.ts';
import { stopJob } from './stop-job.ts';
import { addTagsById, createTag, deleteTagsById, removeTagsById } from './tags-by-id.ts';
import { addTags, deleteTags, removeTags } from './tags-by-name.ts';

/** All writes by name. */
export const WRITES = {
  startJob,
  stopJob,
  editMeta,
  editMetaOf,
  addTags,
  removeTags,
  deleteTags,
  createTag,
  addTagsById,
  removeTagsById,
  deleteTagsById,
  deleteJob,
  deleteJobOf,
  deleteJobsBefore,
  deleteExported,
  exportEnded,
  archiveFollowed,
  leftArchive,
  lostInArchive,
  claimTimedWork,
  claimIdleWork,
  renewTimedWork,
  endTimedWork,
  moveCached,
  updateDurations,
  endOverdueJobs,
  deleteNodeStates,
  addNodeStates,
  publishClusters,
  addAccount,
  changeAccount,
  editAccount,
  deleteAccount,
  syncAccount,
  saveSetting,
  saveFilter,
  renameFilter,
  deleteFilter,
  insertJobs,
  fillSubmitTimes,
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
