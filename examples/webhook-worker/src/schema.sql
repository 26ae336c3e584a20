-- Of several processes that start at once, one creates the tables and the others wait.
SELECT pg_advisory_xact_lock(7305808869230175074);

CREATE TABLE IF NOT EXISTS shops (
    id             text PRIMARY KEY,
    -- What the shop's webhooks are signed with.
    webhook_secret text NOT NULL
);

INSERT INTO shops (id, webhook_secret)
VALUES ('acme', 'whsec_YWNtZS13ZWJob29rLWRlbW8tc2VjcmV0'), ('globex', 'whsec_Z2xvYmV4LXdlYmhvb2stZGVtby1zZWNyZXQ=')
ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS jobs (
    shop         text NOT NULL REFERENCES shops (id),
    event        text NOT NULL,
    parcel       jsonb NOT NULL,
    -- How often a worker took the job. It also tells one taking from the next.
    deliveries   integer NOT NULL DEFAULT 0,
    -- No worker takes the job before this.
    visible_at   timestamptz NOT NULL DEFAULT now(),
    -- Set where no worker can do it: somebody has to look at it.
    set_aside_at timestamptz,
    -- Why the last delivery failed.
    failure      text,
    PRIMARY KEY (shop, event)
);

CREATE INDEX IF NOT EXISTS jobs_visible ON jobs (visible_at) WHERE set_aside_at IS NULL;

CREATE TABLE IF NOT EXISTS shipments (
    -- The carrier's. Nothing here keeps an event from having two.
    tracking text PRIMARY KEY,
    shop     text NOT NULL REFERENCES shops (id),
    event    text NOT NULL
);
