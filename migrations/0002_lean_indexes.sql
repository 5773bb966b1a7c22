-- The lean indexes of a new file. Each ends in start_time, so that lists come newest first and ties in id order without
-- a sort. cc-backend runs on them as well; docs/operations.md tells what each is for and what it costs.
CREATE INDEX jobs_starttime ON job (start_time);
CREATE INDEX jobs_cluster_starttime ON job (cluster, start_time);
CREATE INDEX jobs_user_starttime ON job (hpc_user, start_time);
CREATE INDEX jobs_project_starttime ON job (project, start_time);
CREATE INDEX jobs_jobstate_starttime ON job (job_state, start_time);
CREATE INDEX jobs_cluster_user_starttime ON job (cluster, hpc_user, start_time);
CREATE INDEX jobs_cluster_jobstate_starttime ON job (cluster, job_state, start_time);
-- Most jobs belong to no array: they cost this one nothing.
CREATE INDEX jobs_arrayjobid_starttime ON job (array_job_id, start_time) WHERE array_job_id > 0;
