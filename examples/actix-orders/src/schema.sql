CREATE TABLE IF NOT EXISTS shops (
    id      TEXT PRIMARY KEY,
    -- In clear text, because these are for demonstration. A real application stores a digest.
    api_key TEXT NOT NULL UNIQUE
) STRICT;

INSERT OR IGNORE INTO shops (id, api_key)
VALUES ('acme', 'acme-demo-key'), ('globex', 'globex-demo-key');

CREATE TABLE IF NOT EXISTS orders (
    id         TEXT PRIMARY KEY,
    shop       TEXT NOT NULL REFERENCES shops (id),
    sku        TEXT NOT NULL,
    quantity   INTEGER NOT NULL CHECK (quantity > 0),
    status     TEXT NOT NULL DEFAULT 'placed',
    -- The warehouse's reservation.
    reservation TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;
