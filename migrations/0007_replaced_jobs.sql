-- A job that INSERT OR REPLACE or UPDATE OR REPLACE puts in the place of another fires no trigger for that one: noted before it goes,
-- by the key that the two have in common. Where nothing is replaced, the note is of a job that stays, or of none.
CREATE TRIGGER ccjobs_job_replaced BEFORE INSERT ON job BEGIN
  INSERT INTO ccjobs_changes (job_id)
    SELECT id FROM job WHERE job_id = new.job_id AND cluster = new.cluster AND start_time = new.start_time;
END;

CREATE TRIGGER ccjobs_job_rekeyed BEFORE UPDATE OF job_id, cluster, start_time ON job BEGIN
  INSERT INTO ccjobs_changes (job_id)
    SELECT id FROM job WHERE job_id = new.job_id AND cluster = new.cluster AND start_time = new.start_time AND id <> old.id;
END;
