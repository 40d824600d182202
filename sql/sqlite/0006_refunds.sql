-- Refunds of payments. A row is written in the transaction that reserves its amount in payments.refunded, and changed only where it stands as the
-- change expects.

-- id: what makes a refund, asked for again, the same; the gateway knows it by that, too, and so does the ledger, if nobody else used it there first:
-- transfer_id says. is_rest: 1 if whoever asked left the amount to us. charge_id: the order that was charged. status: 1 processing, 2 success, 3 failed.
-- updated_at is also what a backend writes that takes up a refund nobody finished.
CREATE TABLE refunds (
    id BLOB NOT NULL,
    token TEXT NOT NULL,
    charge_id TEXT NOT NULL,
    account_id INTEGER NOT NULL,
    asset TEXT NOT NULL,
    amount ANY NOT NULL,
    is_rest INTEGER NOT NULL,
    description TEXT NOT NULL,
    actor_id INTEGER NOT NULL,
    status INTEGER NOT NULL,
    transfer_id BLOB,
    reference TEXT,
    error_message TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT refunds_pk PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX refunds_status ON refunds (status, updated_at);
CREATE INDEX refunds_token ON refunds (token, created_at, id);
