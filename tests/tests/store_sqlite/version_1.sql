-- A file of schema version 1, as its release made it.
BEGIN TRANSACTION;
CREATE TABLE idempotency_migrations (
    version    INTEGER PRIMARY KEY,
    applied_at INTEGER NOT NULL
) STRICT;
INSERT INTO "idempotency_migrations" VALUES(1,1795320000000);
CREATE TABLE idempotency_records (
    -- SHA-256 over namespace, door, scope, operation and idempotency key; the key itself stands nowhere.
    record_id           BLOB    NOT NULL UNIQUE CHECK (length(record_id) = 32),
    fingerprint         BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    -- The attempt that holds the record, or that made it what it is.
    attempt             BLOB    NOT NULL CHECK (length(attempt) = 16),
    phase               TEXT    NOT NULL CHECK (phase IN ('running', 'released', 'done')),

    -- While it is running. Times are milliseconds since the Unix epoch, by the clock of the application.
    lease_until         INTEGER CHECK ((lease_until IS NOT NULL) = (phase = 'running')),
    taken_from          BLOB    CHECK (length(taken_from) = 16),
    provisional_status  INTEGER,
    provisional_headers BLOB,
    provisional_body    BLOB,

    -- Once it is done. Without a status, the outcome was too large to keep.
    disposition         TEXT    CHECK ((disposition IS NOT NULL) = (phase = 'done')),
    status              INTEGER,
    headers             BLOB,
    body                BLOB,

    -- From when on the row may be swept: never while it is running, nor where it is kept for ever.
    expires_at          INTEGER CHECK (expires_at IS NULL OR phase <> 'running'),

    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL
) STRICT;
CREATE INDEX idempotency_records_expiry ON idempotency_records (expires_at) WHERE expires_at IS NOT NULL;
COMMIT;
