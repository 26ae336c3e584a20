CREATE TABLE {table} (
    -- SHA-256 over namespace, scope, operation and key.
    record      bytea    NOT NULL PRIMARY KEY,
    fingerprint bytea    NOT NULL,
    attempt     bytea    NOT NULL,
    -- 0 running, 1 released, 2 completed, 3 failed_final, 4 failed_retriable
    state       smallint NOT NULL,
    -- Milliseconds since the Unix epoch, by this server's clock.
    lease_until bigint,
    taken_from  bytea,
    expires_at  bigint,
    -- The outcome; of a running record, the provisional one.
    status      integer,
    headers     bytea,
    body        bytea
);
CREATE INDEX {name}_expiry ON {table} (expires_at) WHERE expires_at IS NOT NULL;
