-- Not in a transaction, and each statement by itself. May be repeated: what an interrupted build left is built anew.
DO $$ BEGIN
    SET LOCAL lock_timeout = '5s';
    IF EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('{running}') AND indrelid = '{table}'::regclass
        AND NOT indisvalid)
    THEN DROP INDEX {running}; END IF;
END $$;
--> next statement
-- Renewing a lease changes no column of any index, so that it stays a HOT update.
CREATE INDEX CONCURRENTLY IF NOT EXISTS "{name}_running" ON {table} (record) WHERE state = 0;
