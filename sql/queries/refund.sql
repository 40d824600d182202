-- Refunds of payments. Every change says from which state it leads: one that changes no row came too late.

-- name: insert_refunds :each
-- row Refund: id uuid, token text, charge_id text, account_id u64, asset asset, amount amount, is_rest u64, description text, actor_id u64, status u64, transfer_id uuid null, reference text null, error_message text null, created_at i64, updated_at i64
INSERT INTO refunds (id, token, charge_id, account_id, asset, amount, is_rest, description, actor_id, status, transfer_id, reference, error_message, created_at, updated_at)
VALUES (:id, :token, :charge_id, :account_id, :asset, :amount, :is_rest, :description, :actor_id, :status, :transfer_id, :reference, :error_message, :created_at, :updated_at);

-- name: lock_payment :optional
-- A payment, locked until the transaction ends. On SQLite the transaction is the lock.
-- arg token: text
-- row Payment
-- sqlite:
SELECT token, user_id, account_id, asset, amount, refunded, description, status, attempt, order_id, hold_id, reference, error_message, created_at, updated_at
FROM payments WHERE token = :token;
-- mysql:
SELECT token, user_id, account_id, asset, amount, refunded, description, status, attempt, order_id, hold_id, reference, error_message, created_at, updated_at
FROM payments WHERE token = :token FOR UPDATE;

-- name: set_refunded :changed
-- What is given back of a payment that succeeded, or promised, unless that is not `seen` any more. An amount is written in one way only, so
-- that it can be asked for; no SQL compares two as numbers.
-- arg token: text
-- arg seen: amount
-- arg refunded: amount
-- sqlite:
UPDATE payments SET refunded = :refunded WHERE token = :token AND status = 2 AND refunded = :seen;
-- mysql:
UPDATE payments SET refunded = :refunded WHERE token = :token AND status = 2 AND refunded = CAST(:seen AS DECIMAL(38, 0));

-- name: end_refund :changed
-- arg id: uuid
-- arg status: u64
-- arg transfer_id: uuid null
-- arg reference: text null
-- arg error_message: text null
-- arg now: i64
UPDATE refunds SET status = :status, transfer_id = :transfer_id, reference = :reference, error_message = :error_message, updated_at = :now
WHERE id = :id AND status = 1;

-- name: claim_refund :changed
-- For whoever takes up a refund that nobody finished: of several who saw the same `seen`, one.
-- arg id: uuid
-- arg seen: i64
-- arg now: i64
UPDATE refunds SET updated_at = :now WHERE id = :id AND status = 1 AND updated_at = :seen;

-- name: refund :optional
-- arg id: uuid
-- row Refund
SELECT id, token, charge_id, account_id, asset, amount, is_rest, description, actor_id, status, transfer_id, reference, error_message, created_at, updated_at
FROM refunds WHERE id = :id;

-- name: refund_standings :many
-- How refunds stand, in any order; unknown ones are left out.
-- arg ids: uuid list
-- row RefundStanding: id uuid, status u64
SELECT id, status FROM refunds WHERE id IN (:ids);

-- name: stale_refunds :many
-- Those that are processing and were not touched since, the oldest first.
-- arg until: i64
-- arg most: u64
-- row Refund
SELECT id, token, charge_id, account_id, asset, amount, is_rest, description, actor_id, status, transfer_id, reference, error_message, created_at, updated_at
FROM refunds WHERE status = 1 AND updated_at <= :until ORDER BY updated_at LIMIT :most;

-- name: account_has_refunds :optional
-- Whether money is on its way back to an account. Refunds that are processing are few.
-- arg account_id: u64
-- row OnItsWay: one i64
SELECT 1 AS one FROM refunds WHERE status = 1 AND account_id = :account_id LIMIT 1;

-- name: refunds_before :many
-- Those of a payment, newest first, before the one of this time and id.
-- arg token: text
-- arg at: i64
-- arg id: uuid
-- arg most: u64
-- row Refund
SELECT id, token, charge_id, account_id, asset, amount, is_rest, description, actor_id, status, transfer_id, reference, error_message, created_at, updated_at
FROM refunds WHERE token = :token AND created_at <= :at AND (created_at < :at OR id < :id)
ORDER BY created_at DESC, id DESC LIMIT :most;

-- name: refunds_after :many
-- All, page by page; the first page is after no bytes at all.
-- arg after: bytes
-- arg most: u64
-- row Refund
SELECT id, token, charge_id, account_id, asset, amount, is_rest, description, actor_id, status, transfer_id, reference, error_message, created_at, updated_at
FROM refunds WHERE id > :after ORDER BY id LIMIT :most;
