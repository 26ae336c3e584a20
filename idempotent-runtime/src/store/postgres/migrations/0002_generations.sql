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
