-- People's tables, with the names and columns that better-auth 1.7 (organization, passkey, API key) reads and writes.
-- Times are ISO 8601 text in UTC. No REFERENCES: the clustered database does not enforce them, better-auth deletes what belongs together.

CREATE TABLE "user" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "name" TEXT NOT NULL,
  "email" TEXT NOT NULL UNIQUE,
  "emailVerified" BOOLEAN NOT NULL,
  "image" TEXT,
  "createdAt" DATETIME NOT NULL,
  "updatedAt" DATETIME NOT NULL
);
CREATE TABLE "session" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "expiresAt" DATETIME NOT NULL,
  "token" TEXT NOT NULL UNIQUE,
  "createdAt" DATETIME NOT NULL,
  "updatedAt" DATETIME NOT NULL,
  "ipAddress" TEXT,
  "userAgent" TEXT,
  "userId" TEXT NOT NULL,
  "activeOrganizationId" TEXT
);
CREATE TABLE "account" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "accountId" TEXT NOT NULL,
  "providerId" TEXT NOT NULL,
  "userId" TEXT NOT NULL,
  "accessToken" TEXT,
  "refreshToken" TEXT,
  "idToken" TEXT,
  "accessTokenExpiresAt" DATETIME,
  "refreshTokenExpiresAt" DATETIME,
  "scope" TEXT,
  "password" TEXT,
  "createdAt" DATETIME NOT NULL,
  "updatedAt" DATETIME NOT NULL
);
CREATE TABLE "verification" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "identifier" TEXT NOT NULL,
  "value" TEXT NOT NULL,
  "expiresAt" DATETIME NOT NULL,
  "createdAt" DATETIME NOT NULL,
  "updatedAt" DATETIME NOT NULL
);
CREATE TABLE "organization" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "name" TEXT NOT NULL,
  "slug" TEXT NOT NULL UNIQUE,
  "logo" TEXT,
  "createdAt" DATETIME NOT NULL,
  "metadata" TEXT
);
CREATE TABLE "member" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "organizationId" TEXT NOT NULL,
  "userId" TEXT NOT NULL,
  "role" TEXT NOT NULL,
  "createdAt" DATETIME NOT NULL
);
CREATE TABLE "invitation" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "organizationId" TEXT NOT NULL,
  "email" TEXT NOT NULL,
  "role" TEXT,
  "status" TEXT NOT NULL,
  "expiresAt" DATETIME NOT NULL,
  "createdAt" DATETIME NOT NULL,
  "inviterId" TEXT NOT NULL
);
CREATE TABLE "passkey" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "name" TEXT,
  "publicKey" TEXT NOT NULL,
  "userId" TEXT NOT NULL,
  "credentialID" TEXT NOT NULL,
  "counter" INTEGER NOT NULL,
  "deviceType" TEXT NOT NULL,
  "backedUp" BOOLEAN NOT NULL,
  "transports" TEXT,
  "createdAt" DATETIME,
  "aaguid" TEXT
);
CREATE TABLE "apikey" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "configId" TEXT NOT NULL,
  "name" TEXT,
  "start" TEXT,
  "referenceId" TEXT NOT NULL,
  "prefix" TEXT,
  "key" TEXT NOT NULL,
  "refillInterval" INTEGER,
  "refillAmount" INTEGER,
  "lastRefillAt" DATETIME,
  "enabled" BOOLEAN,
  "rateLimitEnabled" BOOLEAN,
  "rateLimitTimeWindow" INTEGER,
  "rateLimitMax" INTEGER,
  "requestCount" INTEGER,
  "remaining" INTEGER,
  "lastRequest" DATETIME,
  "expiresAt" DATETIME,
  "createdAt" DATETIME NOT NULL,
  "updatedAt" DATETIME NOT NULL,
  "permissions" TEXT,
  "metadata" TEXT
);

CREATE INDEX "session_userId" ON "session" ("userId");
CREATE INDEX "session_expiresAt" ON "session" ("expiresAt");
CREATE INDEX "account_userId" ON "account" ("userId");
CREATE INDEX "verification_identifier" ON "verification" ("identifier");
CREATE INDEX "verification_expiresAt" ON "verification" ("expiresAt");
CREATE INDEX "member_organizationId" ON "member" ("organizationId");
CREATE INDEX "member_userId" ON "member" ("userId");
CREATE INDEX "invitation_organizationId" ON "invitation" ("organizationId");
CREATE INDEX "invitation_email" ON "invitation" ("email");
CREATE INDEX "passkey_userId" ON "passkey" ("userId");
CREATE INDEX "passkey_credentialID" ON "passkey" ("credentialID");
CREATE INDEX "apikey_configId" ON "apikey" ("configId");
CREATE INDEX "apikey_referenceId" ON "apikey" ("referenceId");
CREATE INDEX "apikey_key" ON "apikey" ("key");
CREATE UNIQUE INDEX "member_once" ON "member" ("organizationId", "userId");

-- Change pointers: who signs in or changes here leaves one, as the control tables do.
CREATE TRIGGER "user_insert_pointer" AFTER INSERT ON "user" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'user', NEW.id, 'put' FROM cluster;
END;
CREATE TRIGGER "user_update_pointer" AFTER UPDATE ON "user" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'user', NEW.id, 'put' FROM cluster;
END;
CREATE TRIGGER "user_delete_pointer" AFTER DELETE ON "user" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'user', OLD.id, 'remove' FROM cluster;
END;
CREATE TRIGGER "session_insert_pointer" AFTER INSERT ON "session" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'session', NEW.id, 'put' FROM cluster;
END;
CREATE TRIGGER "session_update_pointer" AFTER UPDATE ON "session" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'session', NEW.id, 'put' FROM cluster;
END;
CREATE TRIGGER "session_delete_pointer" AFTER DELETE ON "session" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'session', OLD.id, 'remove' FROM cluster;
END;
CREATE TRIGGER "account_insert_pointer" AFTER INSERT ON "account" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'account', NEW.id, 'put' FROM cluster;
END;
CREATE TRIGGER "account_update_pointer" AFTER UPDATE ON "account" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'account', NEW.id, 'put' FROM cluster;
END;
CREATE TRIGGER "account_delete_pointer" AFTER DELETE ON "account" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'account', OLD.id, 'remove' FROM cluster;
END;
CREATE TRIGGER "organization_insert_pointer" AFTER INSERT ON "organization" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'organization', NEW.id, 'put' FROM cluster;
END;
CREATE TRIGGER "organization_update_pointer" AFTER UPDATE ON "organization" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'organization', NEW.id, 'put' FROM cluster;
END;
CREATE TRIGGER "organization_delete_pointer" AFTER DELETE ON "organization" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'organization', OLD.id, 'remove' FROM cluster;
END;
CREATE TRIGGER "member_insert_pointer" AFTER INSERT ON "member" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'member', NEW.id, 'put' FROM cluster;
END;
CREATE TRIGGER "member_update_pointer" AFTER UPDATE ON "member" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'member', NEW.id, 'put' FROM cluster;
END;
CREATE TRIGGER "member_delete_pointer" AFTER DELETE ON "member" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'member', OLD.id, 'remove' FROM cluster;
END;
CREATE TRIGGER "invitation_insert_pointer" AFTER INSERT ON "invitation" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'invitation', NEW.id, 'put' FROM cluster;
END;
CREATE TRIGGER "invitation_update_pointer" AFTER UPDATE ON "invitation" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'invitation', NEW.id, 'put' FROM cluster;
END;
CREATE TRIGGER "invitation_delete_pointer" AFTER DELETE ON "invitation" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'invitation', OLD.id, 'remove' FROM cluster;
END;
CREATE TRIGGER "passkey_insert_pointer" AFTER INSERT ON "passkey" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'passkey', NEW.id, 'put' FROM cluster;
END;
CREATE TRIGGER "passkey_update_pointer" AFTER UPDATE ON "passkey" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'passkey', NEW.id, 'put' FROM cluster;
END;
CREATE TRIGGER "passkey_delete_pointer" AFTER DELETE ON "passkey" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'passkey', OLD.id, 'remove' FROM cluster;
END;
CREATE TRIGGER "apikey_insert_pointer" AFTER INSERT ON "apikey" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'apikey', NEW.id, 'put' FROM cluster;
END;
CREATE TRIGGER "apikey_update_pointer" AFTER UPDATE ON "apikey" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'apikey', NEW.id, 'put' FROM cluster;
END;
CREATE TRIGGER "apikey_delete_pointer" AFTER DELETE ON "apikey" BEGIN
  INSERT INTO change (revision, table_name, row_id, op) SELECT head_revision, 'apikey', OLD.id, 'remove' FROM cluster;
END;
