-- What an offer to join binds beside name, owner and labels: the lending rule (JSON), and whether a person has to approve the device.
ALTER TABLE join_token ADD COLUMN lending TEXT;
ALTER TABLE join_token ADD COLUMN approval INTEGER NOT NULL DEFAULT 0;
ALTER TABLE join_token ADD COLUMN cancelled_at INTEGER;
