-- Payments through a gateway. A row is written in the transaction that holds the money, and changed only where it stands as the change expects.
-- Every statement can be run again: DDL commits by itself, and a crash may come before it was recorded.

-- token: what makes a payment, asked for again, the same: the key is the last line of defence against a second one.
-- status: 1 processing, 2 success, 3 failed. attempt: from 1; each has an order_id, which the gateway knows it by, and a pending transfer, the hold.
-- updated_at is also what a backend writes that takes up a payment nobody finished.
CREATE TABLE IF NOT EXISTS payments (
    token VARBINARY(255) NOT NULL,
    user_id BIGINT NOT NULL,
    account_id BIGINT NULL,
    asset VARBINARY(16) NOT NULL,
    amount DECIMAL(38, 0) NOT NULL,
    refunded DECIMAL(38, 0) NOT NULL,
    description VARCHAR(140) NOT NULL,
    status TINYINT NOT NULL,
    attempt BIGINT NOT NULL,
    order_id VARBINARY(32) NOT NULL,
    hold_id BINARY(16) NOT NULL,
    reference VARBINARY(128) NULL,
    error_message VARCHAR(255) NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT payments_pk PRIMARY KEY (token),
    CONSTRAINT payments_order_id UNIQUE (order_id),
    KEY payments_status (status, updated_at),
    KEY payments_created_at (created_at, token),
    KEY payments_user_id (user_id, created_at, token)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
