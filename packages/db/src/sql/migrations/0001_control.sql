-- One row: whose database this is, who may write it (`token`) and how far it has come (`head_revision`).
CREATE TABLE cluster (
  singleton INTEGER NOT NULL PRIMARY KEY CHECK (singleton = 1),
  id TEXT NOT NULL,
  org_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  token INTEGER NOT NULL,
  head_revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

-- `INSERT INTO guard (ok) SELECT <condition>` fails the whole request unless the condition is true. It is always empty.
CREATE TABLE guard (ok INTEGER NOT NULL CHECK (ok = 1)) STRICT;
CREATE TRIGGER guard_stays_empty AFTER INSERT ON guard BEGIN DELETE FROM guard; END;

-- Ids of requests, so that an unknown outcome can be settled: a `void` row and the request's own exclude each other.
CREATE TABLE batch (
  seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('committed', 'void')),
  at INTEGER NOT NULL
) STRICT;

-- A pointer to each changed row, in the order of changes. The clock of the streams that resume.
CREATE TABLE change (
  seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  revision INTEGER NOT NULL,
  table_name TEXT NOT NULL,
  row_id TEXT NOT NULL,
  op TEXT NOT NULL CHECK (op IN ('put', 'remove'))
) STRICT;
CREATE INDEX change_revision ON change (revision);

CREATE TABLE project (
  id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX project_name ON project (org_id, name);

CREATE TABLE node (
  id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX node_org ON node (org_id);

CREATE TABLE workload (
  id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX workload_name ON workload (project_id, name);

CREATE TABLE allocation (
  id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  workload_id TEXT NOT NULL,
  node_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX allocation_workload ON allocation (workload_id);
CREATE INDEX allocation_node ON allocation (node_id);

CREATE TABLE event (
  seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  org_id TEXT NOT NULL,
  project_id TEXT,
  revision INTEGER NOT NULL,
  position INTEGER NOT NULL,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  workload_id TEXT,
  node_id TEXT,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX event_feed ON event (org_id, revision, position);
CREATE INDEX event_workload ON event (workload_id, revision, position) WHERE workload_id IS NOT NULL;
CREATE INDEX event_node ON event (node_id, revision, position) WHERE node_id IS NOT NULL;
