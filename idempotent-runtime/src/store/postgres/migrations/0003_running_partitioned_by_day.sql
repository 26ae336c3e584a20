-- Not in a transaction, and each statement by itself. May be repeated: what an interrupted build left is built anew.
DO $$ BEGIN
    SET LOCAL lock_timeout = '5s';
    IF EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('{kept_running}') AND indrelid = '{kept}'::regclass
        AND NOT indisvalid)
    THEN DROP INDEX {kept_running}; END IF;
END $$;
--> next statement
-- What stays longest lies here. Renewing a lease changes no column of any index, so that it stays a HOT update.
CREATE INDEX CONCURRENTLY IF NOT EXISTS "{name}_kept_running" ON {kept} (record) WHERE state = 0;
--> next statement
ALTER INDEX {running} ATTACH PARTITION {kept_running};
