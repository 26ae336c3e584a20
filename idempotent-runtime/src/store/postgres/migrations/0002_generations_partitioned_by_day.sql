-- Changes no row, but waits for whoever uses the table, and lets nobody pass meanwhile: so it gives up soon.
SET LOCAL lock_timeout = '5s';
-- What a record belongs to; empty in rows that version 1 wrote.
ALTER TABLE {table}
    ADD COLUMN namespace      text    NOT NULL DEFAULT '',
    ADD COLUMN operation      text    NOT NULL DEFAULT '',
    -- When its generation began, in milliseconds since the Unix epoch.
    ADD COLUMN claimed_at     bigint,
    -- The first attempt of its generation; null in rows that version 1 wrote: the earliest that the row names.
    ADD COLUMN generation     bytea,
    -- How many attempts of its generation were abandoned, besides the one that it names.
    ADD COLUMN abandoned      integer NOT NULL DEFAULT 0,
    -- How many milliseconds a running record is kept once its lease has ended; null: until somebody settles it.
    ADD COLUMN keep_abandoned bigint,
    -- What later releases keep of a generation.
    ADD COLUMN extra          bytea;
-- Builds nothing: the days to come have this index from the start, and those that are there go without it.
-- Renewing a lease changes no column of any index, so that it stays a HOT update.
CREATE INDEX "{name}_running" ON ONLY {table} (record) WHERE state = 0;

-- A claim, as version 1 has it in {claim}, which stays for processes of earlier releases.
--   $1 record, $2 fingerprint, $3 attempt, $4 lease, $5 takeover (0 never, 1 abandoned, 2 from $6, 3 fewer than $7),
--   $8 how long it is kept once abandoned, $9 namespace, $10 operation, $11 another time than the server's.
-- A row that is taken over keeps what belongs to its generation. One that a process of an earlier release took over is
-- known by the attempt from which it was taken.
CREATE FUNCTION {claim_2}(bytea, bytea, bytea, bigint, bigint, bytea, bigint, bigint, text, text, bigint)
RETURNS TABLE (
    now bigint, fingerprint bytea, attempt bytea, state smallint, lease_until bigint, taken_from bytea,
    expires_at bigint, status integer, headers bytea, body bytea, namespace text, operation text,
    claimed_at bigint, generation bytea, abandoned integer, keep_abandoned bigint, extra bytea
) LANGUAGE plpgsql AS $function$
#variable_conflict use_column
DECLARE
    at_time bigint := coalesce($11, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint);
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'an idempotency claim needs the isolation level READ COMMITTED, to see what was written while it waited';
    END IF;
    RETURN QUERY SELECT at_time, r.fingerprint, r.attempt, r.state, r.lease_until, r.taken_from, r.expires_at, r.status,
        r.headers, r.body, r.namespace, r.operation, r.claimed_at, r.generation, r.abandoned, r.keep_abandoned, r.extra
        FROM {table} r WHERE r.record = $1 AND NOT (
            NOT (r.state = 1 AND r.attempt = $3) AND ((r.state = 1
            OR (r.state >= 2 AND coalesce(r.expires_at <= at_time, false))
            OR (r.state = 0 AND coalesce(r.lease_until + r.keep_abandoned <= at_time, false)))
            OR (r.state = 0 AND r.fingerprint = $2 AND (r.attempt = $3 OR (r.lease_until <= at_time AND
                ($5 = 1 OR ($5 = 2 AND r.attempt = $6) OR ($5 = 3 AND (CASE WHEN r.taken_from IS NULL THEN 0 ELSE r.abandoned END) + 1 < $7)))))));
    IF FOUND THEN RETURN; END IF;
    PERFORM pg_advisory_xact_lock(('x' || encode(substring($1 FOR 8), 'hex'))::bit(64)::bigint);
    RETURN QUERY SELECT at_time, r.fingerprint, r.attempt, r.state, r.lease_until, r.taken_from, r.expires_at, r.status,
        r.headers, r.body, r.namespace, r.operation, r.claimed_at, r.generation, r.abandoned, r.keep_abandoned, r.extra
        FROM {table} r WHERE r.record = $1 AND NOT (
            NOT (r.state = 1 AND r.attempt = $3) AND ((r.state = 1
            OR (r.state >= 2 AND coalesce(r.expires_at <= at_time, false))
            OR (r.state = 0 AND coalesce(r.lease_until + r.keep_abandoned <= at_time, false)))
            OR (r.state = 0 AND r.fingerprint = $2 AND (r.attempt = $3 OR (r.lease_until <= at_time AND
                ($5 = 1 OR ($5 = 2 AND r.attempt = $6) OR ($5 = 3 AND (CASE WHEN r.taken_from IS NULL THEN 0 ELSE r.abandoned END) + 1 < $7)))))));
    IF FOUND THEN RETURN; END IF;
    -- What counts as absent makes room, so that its day can go. The mark of this attempt stays.
    DELETE FROM {table} r WHERE r.record = $1 AND NOT (r.state = 1 AND r.attempt = $3) AND (r.state = 1
            OR (r.state >= 2 AND coalesce(r.expires_at <= at_time, false))
            OR (r.state = 0 AND coalesce(r.lease_until + r.keep_abandoned <= at_time, false)));
    RETURN QUERY UPDATE {table} r SET
        attempt = $3,
        lease_until = at_time + $4,
        taken_from = CASE WHEN r.attempt = $3 THEN r.taken_from ELSE r.attempt END,
        generation = CASE WHEN r.taken_from IS NULL THEN r.attempt ELSE coalesce(r.generation, r.taken_from) END,
        abandoned = (CASE WHEN r.taken_from IS NULL THEN 0 ELSE r.abandoned END) + CASE WHEN r.attempt = $3 THEN 0 ELSE 1 END,
        keep_abandoned = CASE WHEN r.attempt = $3 THEN r.keep_abandoned
            WHEN $5 = 3 AND (CASE WHEN r.taken_from IS NULL THEN 0 ELSE r.abandoned END) + 2 >= $7 THEN NULL ELSE $8 END
    WHERE r.record = $1 AND r.state = 0 AND r.fingerprint = $2 AND (r.attempt = $3 OR (r.lease_until <= at_time AND
        ($5 = 1 OR ($5 = 2 AND r.attempt = $6) OR ($5 = 3 AND (CASE WHEN r.taken_from IS NULL THEN 0 ELSE r.abandoned END) + 1 < $7))))
    RETURNING at_time, r.fingerprint, r.attempt, r.state, r.lease_until, r.taken_from, r.expires_at, r.status,
        r.headers, r.body, r.namespace, r.operation, r.claimed_at, r.generation, r.abandoned, r.keep_abandoned, r.extra;
    IF FOUND THEN RETURN; END IF;

    -- No row at all: the record changed while this looked, and the caller looks again.
    RETURN QUERY INSERT INTO {table} AS r (record, day, fingerprint, attempt, state, lease_until, namespace, operation,
        claimed_at, generation, keep_abandoned)
    SELECT $1, at_time / 86400000, $2, $3, 0, at_time + $4, $9, $10, at_time, $3,
        CASE WHEN $5 = 3 AND 1 >= $7 THEN NULL ELSE $8 END
    WHERE NOT EXISTS (SELECT FROM {table} o WHERE o.record = $1)
    RETURNING at_time, r.fingerprint, r.attempt, r.state, r.lease_until, r.taken_from, r.expires_at, r.status,
        r.headers, r.body, r.namespace, r.operation, r.claimed_at, r.generation, r.abandoned, r.keep_abandoned, r.extra;
END
$function$;

-- Takes a claim back under which nothing ran: the same parameters. Says whether the fence held.
CREATE FUNCTION {withdraw}(bytea, bytea, bytea, bigint, bigint, bytea, bigint, bigint, text, text, bigint)
RETURNS boolean LANGUAGE plpgsql AS $function$
#variable_conflict use_column
DECLARE
    at_time bigint := coalesce($11, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint);
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'an idempotency claim needs the isolation level READ COMMITTED, to see what was written while it waited';
    END IF;
    PERFORM pg_advisory_xact_lock(('x' || encode(substring($1 FOR 8), 'hex'))::bit(64)::bigint);
    -- What it took over is abandoned again.
    UPDATE {table} r SET
        lease_until = least(r.lease_until, at_time),
        abandoned = CASE WHEN r.lease_until > at_time THEN greatest(r.abandoned - 1, 0) ELSE r.abandoned END,
        keep_abandoned = CASE WHEN r.lease_until <= at_time THEN r.keep_abandoned
            WHEN $5 = 3 AND greatest(r.abandoned - 1, 0) + 1 >= $7 THEN NULL ELSE $8 END
    WHERE r.record = $1 AND r.attempt = $3 AND r.state = 0 AND r.taken_from IS NOT NULL;
    IF FOUND THEN RETURN true; END IF;
    -- What it made is released.
    UPDATE {table} r SET
        state = 1, lease_until = NULL, status = NULL, headers = NULL, body = NULL,
        expires_at = CASE WHEN r.state = 1 THEN r.expires_at ELSE at_time + 120000 END
    WHERE r.record = $1 AND r.attempt = $3 AND r.state IN (0, 1);
    IF FOUND THEN RETURN true; END IF;
    -- Where it has not taken effect yet, it finds this mark.
    DELETE FROM {table} r WHERE r.record = $1 AND r.attempt <> $3 AND (r.state = 1
            OR (r.state >= 2 AND coalesce(r.expires_at <= at_time, false))
            OR (r.state = 0 AND coalesce(r.lease_until + r.keep_abandoned <= at_time, false)));
    INSERT INTO {table} AS r (record, day, fingerprint, attempt, state, expires_at, namespace, operation, claimed_at,
        generation)
    SELECT $1, at_time / 86400000, $2, $3, 1, at_time + 120000, $9, $10, at_time, $3
    WHERE NOT EXISTS (SELECT FROM {table} o WHERE o.record = $1);
    RETURN FOUND;
END
$function$;

-- Makes the partitions of a day and of so many days after it that are not there yet, and marks them: only what is marked
-- is ever dropped. Processes of earlier releases call it too; they are told of no day that is over, and so drop none.
-- Attaching a table locks out no reader and no writer.
CREATE OR REPLACE FUNCTION {days}(bigint, integer)
RETURNS TABLE (past text, stage text) LANGUAGE plpgsql AS $function$
DECLARE
    at_time bigint := coalesce($1, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint);
    today integer := at_time / 86400000;
    -- A day is made in the schema of its table, wherever else the search path leads.
    place text := (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = to_regclass('{table}'));
    part text;
BEGIN
    PERFORM pg_advisory_xact_lock({lock});
    FOR d IN today .. today + $2 LOOP
        part := '{name}_' || to_char(to_timestamp(d::double precision * 86400) AT TIME ZONE 'UTC', 'YYYY_MM_DD');
        IF to_regclass(format('%I.%I', place, part)) IS NULL THEN
            EXECUTE format('CREATE TABLE %1$I.%2$I (LIKE %1$I.%3$I INCLUDING ALL)', place, part, '{name}');
            EXECUTE format('COMMENT ON TABLE %I.%I IS %L', place, part, '{mark}');
            EXECUTE format('ALTER TABLE %1$I.%2$I ATTACH PARTITION %1$I.%3$I FOR VALUES FROM (%4$s) TO (%5$s)',
                place, '{name}', part, d, d + 1);
        END IF;
    END LOOP;
END
$function$;

-- The days that version 1 made. It left the mark of a day that is over on none: one that it was about to detach is over.
DO $mark$
DECLARE
    part oid;
    is_over boolean;
BEGIN
    FOR part, is_over IN SELECT i.inhrelid, i.inhdetachpending FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = '{table}'::regclass AND c.relname ~ '^{name}_[0-9]{4,}_[0-9]{2}_[0-9]{2}$'
            AND obj_description(c.oid, 'pg_class') IS NULL
    LOOP
        EXECUTE format('COMMENT ON TABLE %s IS %L', part::regclass,
            CASE WHEN is_over THEN '{over}' ELSE '{mark}' END);
    END LOOP;
END
$mark$;
