CREATE TABLE IF NOT EXISTS organizations (
    id      TEXT PRIMARY KEY,
    -- In the clear, since these are for demonstration; a real application keeps a digest.
    api_key TEXT NOT NULL UNIQUE
) STRICT;

INSERT OR IGNORE INTO organizations (id, api_key)
VALUES ('acme', 'acme-demo-key'), ('globex', 'globex-demo-key');

CREATE TABLE IF NOT EXISTS payments (
    id           TEXT PRIMARY KEY,
    organization TEXT NOT NULL REFERENCES organizations (id),
    amount       INTEGER NOT NULL CHECK (amount > 0),
    currency     TEXT NOT NULL,
    status       TEXT NOT NULL DEFAULT 'succeeded',
    charge       TEXT NOT NULL UNIQUE,
    created_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

CREATE TABLE IF NOT EXISTS refunds (
    id         TEXT PRIMARY KEY,
    payment    TEXT NOT NULL UNIQUE REFERENCES payments (id),
    amount     INTEGER NOT NULL CHECK (amount > 0),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;
