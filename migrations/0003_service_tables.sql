-- What the service itself remembers. cc-backend ignores these tables.

-- Jobs of table job whose meta.json in the archive lags behind their tags or metadata: noted in the transaction that changes
-- those, and gone when the file has followed.
CREATE TABLE ccjobs_archive_queue (
  job_id INTEGER NOT NULL PRIMARY KEY,
  changes INTEGER NOT NULL DEFAULT 1 -- counts on while it waits: whoever has written the file knows which change he has seen
) STRICT;

-- Timed work: when a piece of it last began, whichever service did it, and what came of it.
CREATE TABLE ccjobs_timed_work (
  name TEXT NOT NULL PRIMARY KEY,
  began_at INTEGER NOT NULL, -- Unix seconds
  ended_at INTEGER, -- NULL: it runs, or whoever did it has died
  result TEXT -- JSON
) STRICT;
