-- Payments. Every change says from which state it leads: one that changes no row came too late.

-- name: insert_payments :each
-- row Payment: token text, user_id u64, account_id u64 null, asset asset, amount amount, refunded amount, description text, status u64, attempt u64, order_id text, hold_id uuid, reference text null, error_message text null, created_at i64, updated_at i64
INSERT INTO payments (token, user_id, account_id, asset, amount, refunded, description, status, attempt, order_id, hold_id, reference, error_message, created_at, updated_at)
VALUES (:token, :user_id, :account_id, :asset, :amount, :refunded, :description, :status, :attempt, :order_id, :hold_id, :reference, :error_message, :created_at, :updated_at);

-- name: retry_payment :changed
-- One that failed is tried again: `attempt` is the number of the new try.
-- arg token: text
-- arg attempt: u64
-- arg account_id: u64 null
-- arg order_id: text
-- arg hold_id: uuid
-- arg now: i64
UPDATE payments
SET status = 1, attempt = :attempt, account_id = :account_id, order_id = :order_id, hold_id = :hold_id, reference = NULL, error_message = NULL, updated_at = :now
WHERE token = :token AND attempt = :attempt - 1 AND status = 3;

-- name: end_payment :changed
-- arg token: text
-- arg attempt: u64
-- arg status: u64
-- arg reference: text null
-- arg error_message: text null
-- arg now: i64
UPDATE payments SET status = :status, reference = :reference, error_message = :error_message, updated_at = :now
WHERE token = :token AND attempt = :attempt AND status = 1;

-- name: fail_payment_again :changed
-- One that failed was tried again, and its money could not be held.
-- arg token: text
-- arg attempt: u64
-- arg error_message: text
-- arg now: i64
UPDATE payments SET error_message = :error_message, updated_at = :now
WHERE token = :token AND attempt = :attempt AND status = 3;

-- name: claim_payment :changed
-- For whoever takes up a payment that nobody finished: of several who saw the same `seen`, one.
-- arg token: text
-- arg attempt: u64
-- arg seen: i64
-- arg now: i64
UPDATE payments SET updated_at = :now
WHERE token = :token AND attempt = :attempt AND status = 1 AND updated_at = :seen;

-- name: payment :optional
-- arg token: text
-- row Payment
SELECT token, user_id, account_id, asset, amount, refunded, description, status, attempt, order_id, hold_id, reference, error_message, created_at, updated_at
FROM payments WHERE token = :token;

-- name: payment_of_order :optional
-- The payment whose last attempt the gateway knows by this order.
-- arg order_id: text
-- row Payment
SELECT token, user_id, account_id, asset, amount, refunded, description, status, attempt, order_id, hold_id, reference, error_message, created_at, updated_at
FROM payments WHERE order_id = :order_id;

-- name: payment_standings :many
-- How payments stand, in any order; unknown ones are left out.
-- arg tokens: text list
-- row PaymentStanding: token text, status u64, attempt u64
SELECT token, status, attempt FROM payments WHERE token IN (:tokens);

-- name: stale_payments :many
-- Those that are processing and were not touched since, the oldest first.
-- arg until: i64
-- arg most: u64
-- row Payment
SELECT token, user_id, account_id, asset, amount, refunded, description, status, attempt, order_id, hold_id, reference, error_message, created_at, updated_at
FROM payments WHERE status = 1 AND updated_at <= :until ORDER BY updated_at LIMIT :most;

-- name: payments_before :many
-- All, newest first, those before the one of this time and token.
-- arg at: i64
-- arg token: text
-- arg most: u64
-- row Payment
SELECT token, user_id, account_id, asset, amount, refunded, description, status, attempt, order_id, hold_id, reference, error_message, created_at, updated_at
FROM payments WHERE created_at <= :at AND (created_at < :at OR token < :token)
ORDER BY created_at DESC, token DESC LIMIT :most;

-- name: payments_of_before :many
-- The same of one user.
-- arg user_id: u64
-- arg at: i64
-- arg token: text
-- arg most: u64
-- row Payment
SELECT token, user_id, account_id, asset, amount, refunded, description, status, attempt, order_id, hold_id, reference, error_message, created_at, updated_at
FROM payments WHERE user_id = :user_id AND created_at <= :at AND (created_at < :at OR token < :token)
ORDER BY created_at DESC, token DESC LIMIT :most;
