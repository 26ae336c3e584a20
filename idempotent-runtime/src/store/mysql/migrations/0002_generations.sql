-- One change of the table, which the servers make at once and without writing its rows anew. A process of an earlier
-- release goes on meanwhile: it doesn't know the columns, and each may be left out.
SET @idempotent_change = IF(
    EXISTS (SELECT 1 FROM information_schema.columns
        WHERE table_schema = {schema} AND table_name = '{name}' AND column_name = 'generation'),
    'DO 0',
    'ALTER TABLE {table}
        ADD COLUMN namespace      VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
        ADD COLUMN operation      VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
        ADD COLUMN claimed_at     BIGINT     NULL,
        ADD COLUMN generation     BINARY(16) NULL,
        ADD COLUMN abandoned      BIGINT     NOT NULL DEFAULT 0,
        ADD COLUMN keep_abandoned BIGINT     NULL,
        ADD COLUMN extra          LONGBLOB   NULL'
);
PREPARE idempotent_change FROM @idempotent_change;
EXECUTE idempotent_change;
DEALLOCATE PREPARE idempotent_change;
