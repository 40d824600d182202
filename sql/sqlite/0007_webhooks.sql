-- Webhooks: where users' events are brought to, and how far that is. The events themselves are the entries.

-- events: a bit for each kind that is wanted, 0 for all. status: 1 enabled, 2 disabled, 3 gone, 4 failing. The secret is kept nowhere: it follows from
-- salt and a key whose name is kid; former_salt is that of the secret before it, which signs as well until former_until.
CREATE TABLE webhooks (
    id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    events INTEGER NOT NULL,
    status INTEGER NOT NULL,
    salt BLOB NOT NULL,
    kid BLOB NOT NULL,
    former_salt BLOB,
    former_until INTEGER,
    failing_since INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT webhooks_pk PRIMARY KEY (id AUTOINCREMENT)
) STRICT;

CREATE INDEX webhooks_user_id ON webhooks (user_id, id);

-- Up to which entry of an account everything was brought, or given up: none, for an account that was opened after its webhook was made. rewind_to: where
-- to begin again, once nobody is at work. lease: whoever is at work, until lease_until. attempts: of the entry that is next.
CREATE TABLE webhook_cursors (
    webhook_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    rewind_to INTEGER,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    lease INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    CONSTRAINT webhook_cursors_pk PRIMARY KEY (webhook_id, account_id)
) STRICT, WITHOUT ROWID;

-- The last try of each of an account's last events. status: 1 delivered, 2 retrying, 3 dead.
CREATE TABLE webhook_deliveries (
    webhook_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    event TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    status INTEGER NOT NULL,
    answered INTEGER,
    detail TEXT NOT NULL,
    took_ms INTEGER NOT NULL,
    next_at INTEGER,
    created_at INTEGER NOT NULL,
    CONSTRAINT webhook_deliveries_pk PRIMARY KEY (webhook_id, account_id, slot)
) STRICT, WITHOUT ROWID;

-- What was given up. queued: 1 if it is to be tried once more.
CREATE TABLE webhook_dead_letters (
    webhook_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    event TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    detail TEXT NOT NULL,
    queued INTEGER NOT NULL,
    lease INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    died_at INTEGER NOT NULL,
    CONSTRAINT webhook_dead_letters_pk PRIMARY KEY (webhook_id, account_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_dead_letters_queued ON webhook_dead_letters (queued, webhook_id, account_id, seq);
