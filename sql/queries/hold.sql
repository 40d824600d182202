-- What becomes of pending transfers: the one thing about transfers that changes, once.

-- name: insert_holds :each
-- row Hold: transfer_id uuid, account_id u64, amount amount, expires_at i64 null, status u64, settled_by uuid null
INSERT INTO holds (transfer_id, account_id, amount, expires_at, status, settled_by)
VALUES (:transfer_id, :account_id, :amount, :expires_at, :status, :settled_by);

-- name: settle_holds :each
-- Ends those that are still pending. On SQLite one that is changed counts once and another one nothing. On MySQL it counts twice, one
-- that had ended before once and is left as it was, and so does one that was not there, which is then written: less than twice for each
-- means that the transaction must be undone.
-- row SettledHold: transfer_id uuid, status u64, settled_by uuid
-- sqlite:
UPDATE holds SET status = :status, settled_by = :settled_by WHERE transfer_id = :transfer_id AND status = 1;
-- mysql:
INSERT INTO holds (transfer_id, account_id, amount, status, settled_by) VALUES (:transfer_id, 0, 0, :status, :settled_by)
ON DUPLICATE KEY UPDATE
    settled_by = IF(status = 1, VALUES(settled_by), settled_by), status = IF(status = 1, VALUES(status), status);

-- name: holds :many
-- The states of the pending transfers `ids`, in any order; unknown ones are left out.
-- arg ids: uuid list
-- row Hold
SELECT transfer_id, account_id, amount, expires_at, status, settled_by FROM holds WHERE transfer_id IN (:ids);

-- name: expired_holds :many
-- Pending ones whose time is over, the oldest first.
-- arg now: i64
-- arg most: u64
-- row HoldId: transfer_id uuid
SELECT transfer_id FROM holds WHERE status = 1 AND expires_at <= :now ORDER BY expires_at LIMIT :most;

-- name: holds_after :many
-- Page by page, all (`highest` 4) or only those that are pending (1); the first page is after no bytes at all.
-- arg after: bytes
-- arg highest: u64
-- arg most: u64
-- row Hold
SELECT transfer_id, account_id, amount, expires_at, status, settled_by FROM holds
WHERE transfer_id > :after AND status <= :highest ORDER BY transfer_id LIMIT :most;
