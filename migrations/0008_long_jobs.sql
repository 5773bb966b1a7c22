-- Another lean index of a new file. What ran or ended within some time started at most a week before, but for these jobs.
CREATE INDEX jobs_long_starttime ON job (start_time) WHERE duration > 604800;
