import type { ArchiveJob } from './layout.ts';

/** What was done for a job: the bytes that became free, 0 if there was nothing to do. Or why nothing was changed. */
export type Upkept = { readonly bytes: number } | { readonly problem: string };

/**
 * The work on the files of the job archive that no request waits for. Every call may be repeated after a crash, and two
 * at once do no harm. A call throws for a problem that the next job would have, too, such as a full disk.
 */
export interface ArchiveUpkeep {
  /** Replaces data.json by data.json.gz. */
  compress(job: ArchiveJob): Promise<Upkept>;
  /** Deletes the folder of a job. */
  remove(job: ArchiveJob): Promise<Upkept>;
  /** Moves the folder of a job to another archive. */
  move(job: ArchiveJob, target: string): Promise<Upkept>;
  /** Throws StartupError if the archive is not there, for example because its file system is not mounted. */
  check(): Promise<void>;
  /** Throws StartupError if `move` could not work with this target. */
  checkTarget(target: string): Promise<void>;
}
