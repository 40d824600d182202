-- Comparisons of an account's balance with somebody else's. Written once.

-- verdict: 1 matched, 2 mismatch. Decimals other than amounts are text.
CREATE TABLE reconciliations (
    id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    start_time INTEGER NOT NULL,
    end_time INTEGER NOT NULL,
    opening ANY NOT NULL,
    closing ANY NOT NULL,
    entries INTEGER NOT NULL,
    external_balance TEXT NOT NULL,
    tolerance TEXT NOT NULL,
    difference TEXT NOT NULL,
    verdict INTEGER NOT NULL,
    notes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT reconciliations_pk PRIMARY KEY (id AUTOINCREMENT)
) STRICT;

CREATE INDEX reconciliations_account_id ON reconciliations (account_id, id);
