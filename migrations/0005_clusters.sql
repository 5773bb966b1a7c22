-- The configured clusters, for what has no file system to read them from: a Worker, or a node without an archive. A service on Node
-- keeps them as its archive has them.
CREATE TABLE ccjobs_clusters (
  name TEXT NOT NULL PRIMARY KEY,
  config TEXT NOT NULL -- its cluster.json
) STRICT;
