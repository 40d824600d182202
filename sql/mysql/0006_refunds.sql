-- Refunds of payments. A row is written in the transaction that reserves its amount in payments.refunded, and changed only where it stands as the
-- change expects. Every statement can be run again: DDL commits by itself, and a crash may come before it was recorded.

-- id: what makes a refund, asked for again, the same; the gateway knows it by that, too, and so does the ledger, if nobody else used it there first:
-- transfer_id says. is_rest: 1 if whoever asked left the amount to us. charge_id: the order that was charged. status: 1 processing, 2 success, 3 failed.
-- updated_at is also what a backend writes that takes up a refund nobody finished.
CREATE TABLE IF NOT EXISTS refunds (
    id BINARY(16) NOT NULL,
    token VARBINARY(255) NOT NULL,
    charge_id VARBINARY(32) NOT NULL,
    account_id BIGINT NOT NULL,
    asset VARBINARY(16) NOT NULL,
    amount DECIMAL(38, 0) NOT NULL,
    is_rest TINYINT NOT NULL,
    description VARCHAR(140) NOT NULL,
    actor_id BIGINT NOT NULL,
    status TINYINT NOT NULL,
    transfer_id BINARY(16) NULL,
    reference VARBINARY(128) NULL,
    error_message VARCHAR(255) NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT refunds_pk PRIMARY KEY (id),
    KEY refunds_status (status, updated_at),
    KEY refunds_token (token, created_at, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
