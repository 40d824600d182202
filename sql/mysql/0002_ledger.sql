-- Money. `transfers`, `entries` and `transfer_references` are written once: no statement changes or deletes a row of them. Of a pending
-- transfer, what becomes of it stands in `holds`.
-- Every statement can be run again: DDL commits by itself, and a crash may come before it was recorded.

-- 1 customer, 2 operator.
ALTER TABLE users ADD COLUMN role TINYINT NOT NULL DEFAULT 1;

-- kind: 1 a user's, 2 external. status: 1 open, 2 frozen, 3 closed.
CREATE TABLE IF NOT EXISTS accounts (
    id BIGINT NOT NULL AUTO_INCREMENT,
    owner BIGINT NULL,
    kind TINYINT NOT NULL,
    stripe INT NULL,
    asset VARBINARY(16) NOT NULL,
    balance DECIMAL(38, 0) NOT NULL,
    held DECIMAL(38, 0) NOT NULL,
    floor DECIMAL(38, 0) NOT NULL,
    version BIGINT NOT NULL,
    status TINYINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT accounts_pk PRIMARY KEY (id),
    CONSTRAINT accounts_owner UNIQUE (owner, asset),
    CONSTRAINT accounts_stripe UNIQUE (kind, asset, stripe)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- kind: 1 transfer, 2 deposit, 3 withdrawal, 4 deduction. status: 1 posted, 2 pending, 3 voided, 4 expired.
CREATE TABLE IF NOT EXISTS transfers (
    id BINARY(16) NOT NULL,
    kind TINYINT NOT NULL,
    status TINYINT NOT NULL,
    from_account BIGINT NOT NULL,
    to_account BIGINT NOT NULL,
    asset VARBINARY(16) NOT NULL,
    amount DECIMAL(38, 0) NOT NULL,
    settles BINARY(16) NULL,
    timeout_s BIGINT NULL,
    reference VARBINARY(128) NULL,
    description VARCHAR(140) NOT NULL,
    actor BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    from_seq BIGINT NOT NULL,
    to_seq BIGINT NULL,
    CONSTRAINT transfers_pk PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The key is the fence of every balance: of two that change one version of an account, the second meets the row of the first.
-- By time: the number follows by itself in the second key, as the rest of the first.
CREATE TABLE IF NOT EXISTS entries (
    account_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    transfer_id BINARY(16) NOT NULL,
    amount DECIMAL(38, 0) NOT NULL,
    balance_before DECIMAL(38, 0) NOT NULL,
    balance_after DECIMAL(38, 0) NOT NULL,
    held_after DECIMAL(38, 0) NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT entries_pk PRIMARY KEY (account_id, seq),
    KEY entries_created_at (account_id, created_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- status: 1 pending, 2 posted, 3 voided, 4 expired.
CREATE TABLE IF NOT EXISTS holds (
    transfer_id BINARY(16) NOT NULL,
    account_id BIGINT NOT NULL,
    amount DECIMAL(38, 0) NOT NULL,
    expires_at BIGINT NULL,
    status TINYINT NOT NULL,
    settled_by BINARY(16) NULL,
    CONSTRAINT holds_pk PRIMARY KEY (transfer_id),
    KEY holds_expires_at (status, expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Which transfer of a kind uses a reference: the key is what makes it unique.
CREATE TABLE IF NOT EXISTS transfer_references (
    kind TINYINT NOT NULL,
    reference VARBINARY(128) NOT NULL,
    transfer_id BINARY(16) NOT NULL,
    CONSTRAINT transfer_references_pk PRIMARY KEY (kind, reference)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Of no meaning: whoever only found what others wrote writes here, and so waits until that is on disk. See `write_barrier`.
CREATE TABLE IF NOT EXISTS barriers (
    id BIGINT NOT NULL,
    written BIGINT NOT NULL,
    CONSTRAINT barriers_pk PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
