-- Which rows of table job have changed, for the column index of the statistics: the triggers note them, whoever writes. seq counts
-- on: the newest row is never deleted, so no number comes twice. The record bounds itself: it holds the last 200,000 to
-- 201,024 changes, and whoever has followed it to a seq that is no longer there has missed some. `mark` tells a file from
-- its older copy, which would count on with the same numbers.
CREATE TABLE ccjobs_changes (
  seq INTEGER PRIMARY KEY,
  job_id INTEGER, -- of the database; 0 is no job
  mark INTEGER NOT NULL DEFAULT (random())
) STRICT;
INSERT INTO ccjobs_changes (job_id) VALUES (0);

CREATE TRIGGER ccjobs_changes_bound AFTER INSERT ON ccjobs_changes WHEN new.seq % 1024 = 0 BEGIN
  DELETE FROM ccjobs_changes WHERE seq <= new.seq - 200000;
END;

CREATE TRIGGER ccjobs_job_inserted AFTER INSERT ON job BEGIN
  INSERT INTO ccjobs_changes (job_id) VALUES (new.id);
END;

CREATE TRIGGER ccjobs_job_updated AFTER UPDATE ON job BEGIN
  INSERT INTO ccjobs_changes (job_id) VALUES (new.id);
END;

-- Apart, so that the rare change of an id costs the others nothing.
CREATE TRIGGER ccjobs_job_renumbered AFTER UPDATE OF id ON job WHEN new.id <> old.id BEGIN
  INSERT INTO ccjobs_changes (job_id) VALUES (old.id);
END;

CREATE TRIGGER ccjobs_job_deleted AFTER DELETE ON job BEGIN
  INSERT INTO ccjobs_changes (job_id) VALUES (old.id);
END;

CREATE TRIGGER ccjobs_jobtag_inserted AFTER INSERT ON jobtag BEGIN
  INSERT INTO ccjobs_changes (job_id) VALUES (new.job_id);
END;

CREATE TRIGGER ccjobs_jobtag_updated AFTER UPDATE ON jobtag BEGIN
  INSERT INTO ccjobs_changes (job_id) VALUES (old.job_id), (new.job_id);
END;

CREATE TRIGGER ccjobs_jobtag_deleted AFTER DELETE ON jobtag BEGIN
  INSERT INTO ccjobs_changes (job_id) VALUES (old.job_id);
END;
