-- Who leads where several coordinators share the database; empty where one has it alone. `counter` moves while the holder lives.
-- `addresses` is JSON: where other coordinators reach it.
CREATE TABLE leader (
  singleton INTEGER NOT NULL PRIMARY KEY CHECK (singleton = 1),
  holder TEXT NOT NULL,
  instance TEXT NOT NULL,
  counter INTEGER NOT NULL,
  addresses TEXT NOT NULL,
  version TEXT NOT NULL,
  released INTEGER NOT NULL CHECK (released IN (0, 1))
) STRICT;
