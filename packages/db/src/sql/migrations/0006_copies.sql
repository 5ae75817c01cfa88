-- Where a cluster that left this database went: it refuses to start here.
ALTER TABLE cluster ADD COLUMN moved_to TEXT;

-- One row while a copy of a cluster is being written into this database: a restore, or a move from another one.
CREATE TABLE incoming (
  singleton INTEGER NOT NULL PRIMARY KEY CHECK (singleton = 1),
  cluster_id TEXT NOT NULL,
  source TEXT NOT NULL,
  started_at INTEGER NOT NULL
) STRICT;

-- Nobody founds a cluster into half a copy.
CREATE TRIGGER cluster_waits_for_copy BEFORE INSERT ON cluster WHEN EXISTS (SELECT 1 FROM incoming) BEGIN
  SELECT RAISE(ABORT, 'a copy of a cluster is being written into this database');
END;
