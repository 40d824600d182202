-- Payments through a gateway. A row is written in the transaction that holds the money, and changed only where it stands as the change expects.

-- token: what makes a payment, asked for again, the same: the key is the last line of defence against a second one.
-- status: 1 processing, 2 success, 3 failed. attempt: from 1; each has an order_id, which the gateway knows it by, and a pending transfer, the hold.
-- updated_at is also what a backend writes that takes up a payment nobody finished.
CREATE TABLE payments (
    token TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    account_id INTEGER,
    asset TEXT NOT NULL,
    amount ANY NOT NULL,
    refunded ANY NOT NULL,
    description TEXT NOT NULL,
    status INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    order_id TEXT NOT NULL,
    hold_id BLOB NOT NULL,
    reference TEXT,
    error_message TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT payments_pk PRIMARY KEY (token),
    CONSTRAINT payments_order_id UNIQUE (order_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX payments_status ON payments (status, updated_at);
CREATE INDEX payments_created_at ON payments (created_at, token);
CREATE INDEX payments_user_id ON payments (user_id, created_at, token);
