/** One entry per version of the schema, in order; an entry that was released is never changed. Times are epoch ms. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE services (
    name TEXT PRIMARY KEY,
    record TEXT NOT NULL
  ) STRICT;

  CREATE TABLE incidents (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    service TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    resolved_at INTEGER,
    incident TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX incidents_open ON incidents (key) WHERE resolved_at IS NULL;
  CREATE INDEX incidents_resolved ON incidents (resolved_at) WHERE resolved_at IS NOT NULL;

  CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chat TEXT NOT NULL,
    topic INTEGER,
    kind TEXT NOT NULL,
    incident INTEGER REFERENCES incidents (id),
    body TEXT,
    silent INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'waiting',
    not_before INTEGER NOT NULL DEFAULT 0,
    held TEXT,
    cause TEXT
  ) STRICT;
  CREATE INDEX outbox_waiting ON outbox (chat, id) WHERE state IN ('waiting', 'sending');

  CREATE TABLE copies (
    incident INTEGER NOT NULL REFERENCES incidents (id),
    chat TEXT NOT NULL,
    message INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    PRIMARY KEY (incident, chat)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX copies_message ON copies (chat, message);

  CREATE TABLE parked (
    chat TEXT PRIMARY KEY,
    cause TEXT NOT NULL,
    since INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE mutes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    starts INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    by TEXT NOT NULL
  ) STRICT;

  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    service TEXT,
    outcome TEXT NOT NULL
  ) STRICT;

  CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    service TEXT NOT NULL,
    check_id TEXT NOT NULL,
    metric TEXT NOT NULL,
    unit TEXT NOT NULL,
    seen INTEGER NOT NULL,
    UNIQUE (service, check_id, metric)
  ) STRICT;

  -- The time comes first in both keys: what is measured now goes to the end of the table, a few pages each time, instead
  -- of a page for each series. A slot is a number of steps since 1970: 10 s here, the tier's own step below.
  CREATE TABLE samples (
    slot INTEGER NOT NULL,
    series INTEGER NOT NULL,
    late INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (slot, series, late)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE rollups (
    step INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    series INTEGER NOT NULL,
    min REAL NOT NULL,
    avg REAL NOT NULL,
    max REAL NOT NULL,
    last REAL NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (step, slot, series)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE starts (
    service TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (service, at)
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX incidents_of_service ON incidents (service, opened_at);
  `,
  `
  CREATE TABLE panel_logins (
    account TEXT PRIMARY KEY,
    token TEXT,
    expires INTEGER,
    rejected TEXT
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE panels (
    id TEXT PRIMARY KEY,
    record TEXT NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE stretches (
    service TEXT NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    standing TEXT NOT NULL,
    PRIMARY KEY (service, start)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- A month of one series is read from one place, where it was one page for each ten minutes; rollups keeps the minutes.
  CREATE TABLE ten_minutes (
    series INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    min REAL NOT NULL,
    avg REAL NOT NULL,
    max REAL NOT NULL,
    last REAL NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (series, slot)
  ) STRICT, WITHOUT ROWID;

  INSERT INTO ten_minutes (series, slot, min, avg, max, last, count)
    SELECT series, slot, min, avg, max, last, count FROM rollups WHERE step = 600000 ORDER BY series, slot;
  DELETE FROM rollups WHERE step = 600000;
  `,
];
