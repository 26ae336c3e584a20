CREATE TABLE IF NOT EXISTS {table} (
    -- SHA-256 over namespace, scope, operation and key.
    record      BINARY(32)        NOT NULL,
    fingerprint BINARY(32)        NOT NULL,
    attempt     BINARY(16)        NOT NULL,
    -- 0 running, 1 released, 2 completed, 3 failed_final, 4 failed_retriable
    state       SMALLINT          NOT NULL,
    -- Milliseconds since the Unix epoch, by this server's clock.
    lease_until BIGINT            NULL,
    taken_from  BINARY(16)        NULL,
    expires_at  BIGINT            NULL,
    -- The outcome; of a running record, the provisional one.
    status      SMALLINT UNSIGNED NULL,
    headers     LONGBLOB          NULL,
    `body`      LONGBLOB          NULL,
    PRIMARY KEY (record),
    KEY {name}_expiry (expires_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;
