import type { OmitTagged } from '../../jobs/retention-options.ts';

/** Of which jobs an old one is kept for its tags: conditions to stand behind AND, without a text of anybody's. */
export const NOT_KEPT: Readonly<Record<OmitTagged, string>> = {
  none: '1',
  all: 'NOT EXISTS (SELECT 1 FROM jobtag WHERE jobtag.job_id = job.id)',
  // Tags of these types are given by cc-backend's taggers, all others by people (contract/rest.md §6).
  user: `NOT EXISTS (SELECT 1 FROM jobtag JOIN tag ON tag.id = jobtag.tag_id
    WHERE jobtag.job_id = job.id AND tag.tag_type NOT IN ('app', 'jobClass'))`,
};
