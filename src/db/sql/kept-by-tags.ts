import type { OmitTagged } from '../../jobs/retention-options.ts';

/** Conditions for the old jobs to delete, by the tags that keep a job. They follow AND and contain no user input. */
export const NOT_KEPT: Readonly<Record<OmitTagged, string>> = {
  none: '1',
  all: 'NOT EXISTS (SELECT 1 FROM jobtag WHERE jobtag.job_id = job.id)',
  // cc-backend's taggers set tags of these types. People set all others (contract/rest.md §6).
  user: `NOT EXISTS (SELECT 1 FROM jobtag JOIN tag ON tag.id = jobtag.tag_id
    WHERE jobtag.job_id = job.id AND tag.tag_type NOT IN ('app', 'jobClass'))`,
};
