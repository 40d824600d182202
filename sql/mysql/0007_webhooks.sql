-- Webhooks: where users' events are brought to, and how far that is. The events themselves are the entries.
-- Every statement can be run again: DDL commits by itself, and a crash may come before it was recorded.

-- events: a bit for each kind that is wanted, 0 for all. status: 1 enabled, 2 disabled, 3 gone, 4 failing. The secret is kept nowhere: it follows from
-- salt and a key whose name is kid; former_salt is that of the secret before it, which signs as well until former_until.
CREATE TABLE IF NOT EXISTS webhooks (
    id BIGINT NOT NULL AUTO_INCREMENT,
    user_id BIGINT NOT NULL,
    url VARBINARY(2048) NOT NULL,
    description VARCHAR(140) NOT NULL,
    events BIGINT NOT NULL,
    status TINYINT NOT NULL,
    salt BINARY(16) NOT NULL,
    kid BINARY(4) NOT NULL,
    former_salt BINARY(16) NULL,
    former_until BIGINT NULL,
    failing_since BIGINT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT webhooks_pk PRIMARY KEY (id),
    KEY webhooks_user_id (user_id, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Up to which entry of an account everything was brought, or given up: none, for an account that was opened after its webhook was made. rewind_to: where
-- to begin again, once nobody is at work. lease: whoever is at work, until lease_until. attempts: of the entry that is next.
CREATE TABLE IF NOT EXISTS webhook_cursors (
    webhook_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    rewind_to BIGINT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    lease BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    CONSTRAINT webhook_cursors_pk PRIMARY KEY (webhook_id, account_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The last try of each of an account's last events. status: 1 delivered, 2 retrying, 3 dead.
CREATE TABLE IF NOT EXISTS webhook_deliveries (
    webhook_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    slot BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    event VARBINARY(32) NOT NULL,
    attempt BIGINT NOT NULL,
    status TINYINT NOT NULL,
    answered BIGINT NULL,
    detail VARCHAR(1024) NOT NULL,
    took_ms BIGINT NOT NULL,
    next_at BIGINT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT webhook_deliveries_pk PRIMARY KEY (webhook_id, account_id, slot)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What was given up. queued: 1 if it is to be tried once more.
CREATE TABLE IF NOT EXISTS webhook_dead_letters (
    webhook_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    event VARBINARY(32) NOT NULL,
    attempts BIGINT NOT NULL,
    detail VARCHAR(1024) NOT NULL,
    queued TINYINT NOT NULL,
    lease BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    died_at BIGINT NOT NULL,
    CONSTRAINT webhook_dead_letters_pk PRIMARY KEY (webhook_id, account_id, seq),
    KEY webhook_dead_letters_queued (queued, webhook_id, account_id, seq)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
