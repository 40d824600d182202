-- Reconciliations: comparisons of an account's balance with somebody else's, written once. Decimals are text, exact to any digit.

-- name: insert_reconciliation :inserted
-- arg account_id: u64
-- arg start_time: i64
-- arg end_time: i64
-- arg opening: amount
-- arg closing: amount
-- arg entries: u64
-- arg external_balance: text
-- arg tolerance: text
-- arg difference: text
-- arg verdict: u64
-- arg notes: text
-- arg created_at: i64
INSERT INTO reconciliations (account_id, start_time, end_time, opening, closing, entries, external_balance, tolerance, difference, verdict, notes, created_at)
VALUES (:account_id, :start_time, :end_time, :opening, :closing, :entries, :external_balance, :tolerance, :difference, :verdict, :notes, :created_at);

-- name: reconciliations_down :many
-- Those of an account before number `before`: newest first.
-- arg account_id: u64
-- arg before: u64
-- arg most: u64
-- row Reconciliation: id u64, account_id u64, start_time i64, end_time i64, opening amount, closing amount, entries u64, external_balance text, tolerance text, difference text, verdict u64, notes text, created_at i64
SELECT id, account_id, start_time, end_time, opening, closing, entries, external_balance, tolerance, difference, verdict, notes, created_at
FROM reconciliations WHERE account_id = :account_id AND id < :before ORDER BY id DESC LIMIT :most;

-- name: last_matched :optional
-- The newest one of an account in which both balances were the same.
-- arg account_id: u64
-- arg matched: u64
-- row Reconciliation
SELECT id, account_id, start_time, end_time, opening, closing, entries, external_balance, tolerance, difference, verdict, notes, created_at
FROM reconciliations WHERE account_id = :account_id AND verdict = :matched ORDER BY id DESC LIMIT 1;
