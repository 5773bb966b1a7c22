-- How far a retention run has got with the file it exports to: what lies behind was not deleted and is written again.
CREATE TABLE ccjobs_exports (
  path TEXT NOT NULL PRIMARY KEY, -- absolute
  bytes INTEGER NOT NULL
) STRICT;
