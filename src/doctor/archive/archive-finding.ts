import type { ArchiveJob } from '../../archive/layout.ts';

/** What a check of an archive finds. */
export const FINDINGS = {
  missing: 'the database says that the job is archived, and it has no folder',
  broken: 'a file of a job is missing, or cannot be read',
  wrong: 'the meta.json is that of another job than its folder',
  orphaned: 'the database does not have the job',
  unfinished: 'a write or a compression was interrupted: nothing is lost',
  odd: 'something that is not part of an archive, which no program reads',
} as const;
export type FindingKind = keyof typeof FINDINGS;

export interface ArchiveFinding {
  readonly kind: FindingKind;
  readonly path: string;
  /** One sentence. */
  readonly text: string;
  /** Undefined for what is not the folder of a job. */
  readonly job?: ArchiveJob;
  /** What is known about the job, for a repair. */
  readonly known?: Known;
}

export interface Known {
  /** The monitoring status in the database. Undefined if it does not have the job. */
  readonly status: number | undefined;
  /** Why the meta.json cannot be read. Undefined if it can. */
  readonly badMeta?: string | undefined;
  /** Why the metric data cannot be read. Undefined if it can, or was not looked at. */
  readonly badData?: string | undefined;
  /** The job that its meta.json describes. */
  readonly described?: ArchiveJob | undefined;
}
