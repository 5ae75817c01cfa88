CREATE TABLE join_token (
  id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL,
  owner_user_id TEXT,
  secret_hash BLOB NOT NULL,
  name TEXT,
  labels TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  used_by_node_id TEXT
) STRICT;
CREATE INDEX join_token_org ON join_token (org_id, created_at);
CREATE INDEX join_token_expiry ON join_token (expires_at);

-- Certificate authorities. The private key is wrapped by the master key, which is not in the database.
CREATE TABLE ca (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('device', 'web')),
  certificate TEXT NOT NULL,
  wrapped_private_key BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  not_after INTEGER NOT NULL
) STRICT;
CREATE INDEX ca_kind ON ca (kind, created_at);

CREATE TABLE idempotency (
  org_id TEXT NOT NULL,
  key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  status INTEGER NOT NULL,
  response TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, key)
) STRICT;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);

-- Claim codes of a cluster without an owner; only their hashes.
CREATE TABLE claim (
  code_hash TEXT NOT NULL PRIMARY KEY,
  created_at INTEGER NOT NULL,
  used_at INTEGER,
  used_by_user_id TEXT
) STRICT;

CREATE TABLE recovery_code (
  user_id TEXT NOT NULL,
  code_hash TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER,
  PRIMARY KEY (user_id, code_hash)
) STRICT;

CREATE TABLE setting (
  org_id TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, name)
) STRICT;

-- Each row's hash covers the one before it, so that a removed or changed row shows.
CREATE TABLE audit (
  seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  org_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('allowed', 'denied')),
  body TEXT NOT NULL,
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX audit_org ON audit (org_id, seq);
