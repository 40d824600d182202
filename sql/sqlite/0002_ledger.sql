-- Money. `transfers`, `entries` and `transfer_references` are written once: no statement changes or deletes a row of them. Of a pending
-- transfer, what becomes of it stands in `holds`.
-- Amounts are of type ANY: an integer where 64 bits are enough, else decimal digits as text; never a REAL.

-- 1 customer, 2 operator.
ALTER TABLE users ADD COLUMN role INTEGER NOT NULL DEFAULT 1;

-- kind: 1 a user's, 2 external. status: 1 open, 2 frozen, 3 closed. AUTOINCREMENT, because a number is never given twice.
-- What an account has stands in its newest entry and nowhere else, and so does its version: see `account_states`. A transfer that changed rows
-- here too would write twice as many pages, since among millions of accounts each row that it touches is on a page of its own.
CREATE TABLE accounts (
    id INTEGER NOT NULL,
    owner INTEGER,
    kind INTEGER NOT NULL,
    stripe INTEGER,
    asset TEXT NOT NULL,
    floor ANY NOT NULL,
    status INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT accounts_pk PRIMARY KEY (id AUTOINCREMENT),
    CONSTRAINT accounts_owner UNIQUE (owner, asset),
    CONSTRAINT accounts_stripe UNIQUE (kind, asset, stripe)
) STRICT;

-- kind: 1 transfer, 2 deposit, 3 withdrawal, 4 deduction. status: 1 posted, 2 pending, 3 voided, 4 expired.
CREATE TABLE transfers (
    id BLOB NOT NULL,
    kind INTEGER NOT NULL,
    status INTEGER NOT NULL,
    from_account INTEGER NOT NULL,
    to_account INTEGER NOT NULL,
    asset TEXT NOT NULL,
    amount ANY NOT NULL,
    settles BLOB,
    timeout_s INTEGER,
    reference TEXT,
    description TEXT NOT NULL,
    actor INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    from_seq INTEGER NOT NULL,
    to_seq INTEGER,
    CONSTRAINT transfers_pk PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

-- The key is the fence of every balance: of two that change one version of an account, the second meets the row of the first.
CREATE TABLE entries (
    account_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    transfer_id BLOB NOT NULL,
    amount ANY NOT NULL,
    balance_before ANY NOT NULL,
    balance_after ANY NOT NULL,
    held_after ANY NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT entries_pk PRIMARY KEY (account_id, seq)
) STRICT, WITHOUT ROWID;

-- Accounts as they stand.
CREATE VIEW account_states AS
SELECT
    a.id, a.owner, a.kind, a.stripe, a.asset, COALESCE(e.balance_after, 0) AS balance, COALESCE(e.held_after, 0) AS held, a.floor,
    COALESCE(e.seq, 0) AS version, a.status, a.created_at, MAX(a.updated_at, COALESCE(e.created_at, a.updated_at)) AS updated_at
FROM accounts a
LEFT JOIN entries e ON e.account_id = a.id AND e.seq = (SELECT MAX(n.seq) FROM entries n WHERE n.account_id = a.id);

-- By time, which never falls from an entry of an account to its next one. So every 64th is enough to find any of them: see `seq_before` in
-- queries/entry.sql. With all of them it was as many pages to write for each transfer as the entries themselves.
CREATE INDEX entries_created_at ON entries (account_id, created_at) WHERE seq % 64 = 1;

-- status: 1 pending, 2 posted, 3 voided, 4 expired.
CREATE TABLE holds (
    transfer_id BLOB NOT NULL,
    account_id INTEGER NOT NULL,
    amount ANY NOT NULL,
    expires_at INTEGER,
    status INTEGER NOT NULL,
    settled_by BLOB,
    CONSTRAINT holds_pk PRIMARY KEY (transfer_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX holds_expires_at ON holds (status, expires_at);

-- Which transfer of a kind uses a reference: the key is what makes it unique.
CREATE TABLE transfer_references (
    kind INTEGER NOT NULL,
    reference TEXT NOT NULL,
    transfer_id BLOB NOT NULL,
    CONSTRAINT transfer_references_pk PRIMARY KEY (kind, reference)
) STRICT, WITHOUT ROWID;
