CREATE TABLE {table} (
    -- SHA-256 over namespace, scope, operation and key.
    record      bytea    NOT NULL,
    -- The day on which the row was claimed, in days since the Unix epoch: the partition.
    day         integer  NOT NULL,
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
    body        bytea,
    PRIMARY KEY (record, day)
) PARTITION BY RANGE (day);

-- What has no end stays when its day goes: outcomes that are kept for ever, and records that nobody settles.
CREATE TABLE {kept} PARTITION OF {table} FOR VALUES FROM (MINVALUE) TO (0);

-- A claim. The key of a partitioned table is unique within each day only, so whoever writes a row takes a lock on the
-- record for the length of this statement, and then looks again at all days.
CREATE FUNCTION {claim}(bytea, bytea, bytea, bigint, bigint, bytea, bigint)
RETURNS TABLE (
    now bigint, fingerprint bytea, attempt bytea, state smallint, lease_until bigint, taken_from bytea,
    expires_at bigint, status integer, headers bytea, body bytea
) LANGUAGE plpgsql AS $function$
#variable_conflict use_column
DECLARE
    at_time bigint := coalesce($7, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint);
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'an idempotency claim needs the isolation level READ COMMITTED, to see what was written while it waited';
    END IF;
    RETURN QUERY SELECT at_time, fingerprint, attempt, state, lease_until, taken_from, expires_at, status, headers, body FROM {table} r WHERE r.record = $1 AND NOT ((r.state = 1 OR (r.state >= 2 AND coalesce(r.expires_at <= at_time, false))) OR (r.state = 0 AND r.fingerprint = $2 AND (r.attempt = $3 OR (r.lease_until <= at_time AND ($5 = 1 OR ($5 = 2 AND r.attempt = $6))))));
    IF FOUND THEN RETURN; END IF;

    PERFORM pg_advisory_xact_lock(('x' || encode(substring($1 FOR 8), 'hex'))::bit(64)::bigint);
    RETURN QUERY SELECT at_time, fingerprint, attempt, state, lease_until, taken_from, expires_at, status, headers, body FROM {table} r WHERE r.record = $1 AND NOT ((r.state = 1 OR (r.state >= 2 AND coalesce(r.expires_at <= at_time, false))) OR (r.state = 0 AND r.fingerprint = $2 AND (r.attempt = $3 OR (r.lease_until <= at_time AND ($5 = 1 OR ($5 = 2 AND r.attempt = $6))))));
    IF FOUND THEN RETURN; END IF;

    -- What has expired makes room, so that its day can go.
    DELETE FROM {table} r WHERE r.record = $1 AND (r.state = 1 OR (r.state >= 2 AND coalesce(r.expires_at <= at_time, false)));
    RETURN QUERY UPDATE {table} r SET
        attempt = $3,
        lease_until = at_time + $4,
        taken_from = CASE WHEN r.attempt = $3 THEN r.taken_from ELSE r.attempt END
    WHERE r.record = $1 AND ((r.state = 1 OR (r.state >= 2 AND coalesce(r.expires_at <= at_time, false))) OR (r.state = 0 AND r.fingerprint = $2 AND (r.attempt = $3 OR (r.lease_until <= at_time AND ($5 = 1 OR ($5 = 2 AND r.attempt = $6))))))
    RETURNING at_time, fingerprint, attempt, state, lease_until, taken_from, expires_at, status, headers, body;
    IF FOUND THEN RETURN; END IF;

    -- No row at all: the record changed while this looked, and the caller looks again.
    RETURN QUERY INSERT INTO {table} AS r (record, day, fingerprint, attempt, state, lease_until)
    SELECT $1, at_time / 86400000, $2, $3, 0, at_time + $4
    WHERE NOT EXISTS (SELECT FROM {table} o WHERE o.record = $1)
    RETURNING at_time, fingerprint, attempt, state, lease_until, taken_from, expires_at, status, headers, body;
END
$function$;

-- Makes the partitions of a day and of so many days after it that are not there yet, and names those before yesterday,
-- by what is still to be done with them: a claim that began before midnight may still write into yesterday's.
-- Attaching a table locks out no reader and no writer.
CREATE FUNCTION {days}(bigint, integer)
RETURNS TABLE (past text, stage text) LANGUAGE plpgsql AS $function$
DECLARE
    at_time bigint := coalesce($1, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint);
    today integer := at_time / 86400000;
    part text;
BEGIN
    PERFORM pg_advisory_xact_lock({lock});
    FOR d IN today .. today + $2 LOOP
        part := '{name}_' || to_char(to_timestamp(d::double precision * 86400) AT TIME ZONE 'UTC', 'YYYY_MM_DD');
        IF to_regclass('{prefix}' || quote_ident(part)) IS NULL THEN
            EXECUTE format('CREATE TABLE {prefix}%I (LIKE {table} INCLUDING ALL)', part);
            EXECUTE format('ALTER TABLE {table} ATTACH PARTITION {prefix}%I FOR VALUES FROM (%s) TO (%s)', part, d, d + 1);
        END IF;
    END LOOP;
    part := '{name}_' || to_char(to_timestamp((today - 1)::double precision * 86400) AT TIME ZONE 'UTC', 'YYYY_MM_DD');
    RETURN QUERY SELECT c.relname::text,
            CASE WHEN i.inhrelid IS NULL THEN 'detached' WHEN i.inhdetachpending THEN 'detaching' ELSE 'attached' END
        FROM pg_class c
        JOIN pg_class t ON t.oid = to_regclass('{table}') AND t.relnamespace = c.relnamespace
        LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND i.inhparent = t.oid
        WHERE c.relkind = 'r' AND c.relname::text COLLATE "C" < part
            AND c.relname ~ '^{name}_[0-9]{4,}_[0-9]{2}_[0-9]{2}$'
        ORDER BY 1;
END
$function$;
