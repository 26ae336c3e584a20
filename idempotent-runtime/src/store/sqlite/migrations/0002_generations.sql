-- A process of an earlier release may have the file open still. It writes none of these columns, so each has a default.
ALTER TABLE idempotency_records ADD COLUMN namespace TEXT NOT NULL DEFAULT '';
ALTER TABLE idempotency_records ADD COLUMN operation TEXT NOT NULL DEFAULT '';
-- When the generation began, and its first attempt: unknown of the rows that are there.
ALTER TABLE idempotency_records ADD COLUMN claimed_at INTEGER;
ALTER TABLE idempotency_records ADD COLUMN generation BLOB CHECK (length(generation) = 16);
-- How many attempts of the generation were abandoned before the one that the row names.
ALTER TABLE idempotency_records ADD COLUMN abandoned INTEGER NOT NULL DEFAULT 0;
-- For how many milliseconds after its lease an abandoned row counts; without one, until somebody settles it.
ALTER TABLE idempotency_records ADD COLUMN keep_abandoned INTEGER;
-- What later releases keep.
ALTER TABLE idempotency_records ADD COLUMN extra BLOB;

-- For listings of what runs, and for sweeps of what was abandoned.
CREATE INDEX idempotency_records_running ON idempotency_records (record_id) WHERE phase = 'running';
