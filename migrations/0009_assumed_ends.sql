-- Jobs of table job that timed work has ended at their walltime, because no end was reported: their end is an assumption,
-- which a record of the true end replaces. A row here counts as long as the job is as timed work left it (state, duration
-- and monitoring status), so nothing has to remove it when another program changes or deletes the job.
CREATE TABLE ccjobs_assumed_ends (
  job_id INTEGER NOT NULL PRIMARY KEY -- of the database
) STRICT;
