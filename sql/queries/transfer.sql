-- Transfers, written once, and the references that they use.

-- name: insert_transfers :each
-- row Transfer: id uuid, kind u64, status u64, from_account u64, to_account u64, asset asset, amount amount, settles uuid null, timeout_s u64 null, reference text null, description text, actor u64, created_at i64, from_seq u64, to_seq u64 null
INSERT INTO transfers (id, kind, status, from_account, to_account, asset, amount, settles, timeout_s, reference, description, actor, created_at, from_seq, to_seq)
VALUES (:id, :kind, :status, :from_account, :to_account, :asset, :amount, :settles, :timeout_s, :reference, :description, :actor, :created_at, :from_seq, :to_seq);

-- name: insert_references :each
-- row TransferReference: kind u64, reference text, transfer_id uuid
INSERT INTO transfer_references (kind, reference, transfer_id) VALUES (:kind, :reference, :transfer_id);

-- name: transfer_references :many
-- Who uses the references, in any order; those that nobody uses are left out.
-- arg kind: u64
-- arg texts: text list
-- row TransferReference
SELECT kind, reference, transfer_id FROM transfer_references WHERE kind = :kind AND reference IN (:texts);

-- name: stored_transfers :many
-- The transfers of `ids` with their entries (`from_`, `to_`) and, of pending ones, their hold, in any order; unknown ones are left out.
-- arg ids: uuid list
-- row StoredTransfer: id uuid, kind u64, status u64, from_account u64, to_account u64, asset asset, amount amount, settles uuid null, timeout_s u64 null, reference text null, description text, actor u64, created_at i64, from_seq u64, to_seq u64 null, from_amount amount, from_before amount, from_after amount, from_held amount, to_amount amount null, to_before amount null, to_after amount null, to_held amount null, hold_amount amount null, expires_at i64 null, hold_status u64 null, settled_by uuid null
SELECT
    t.id, t.kind, t.status, t.from_account, t.to_account, t.asset, t.amount, t.settles, t.timeout_s, t.reference, t.description, t.actor, t.created_at,
    t.from_seq, t.to_seq,
    f.amount AS from_amount, f.balance_before AS from_before, f.balance_after AS from_after, f.held_after AS from_held,
    p.amount AS to_amount, p.balance_before AS to_before, p.balance_after AS to_after, p.held_after AS to_held,
    h.amount AS hold_amount, h.expires_at, h.status AS hold_status, h.settled_by
FROM transfers t
JOIN entries f ON f.account_id = t.from_account AND f.seq = t.from_seq
LEFT JOIN entries p ON p.account_id = t.to_account AND p.seq = t.to_seq
LEFT JOIN holds h ON h.transfer_id = t.id
WHERE t.id IN (:ids);

-- name: transfers_after :many
-- All transfers not older than `since`, page by page; the first page is after no bytes at all.
-- arg after: bytes
-- arg since: i64
-- arg most: u64
-- row Transfer
SELECT id, kind, status, from_account, to_account, asset, amount, settles, timeout_s, reference, description, actor, created_at, from_seq, to_seq
FROM transfers WHERE id > :after AND created_at >= :since ORDER BY id LIMIT :most;

-- name: write_barrier :changed
-- InnoDB shows a commit to others before it is on disk. A transaction that writes comes later in the log, so that its own commit waits for
-- both. `written` must differ from time to time: what changes nothing is not written.
-- arg id: u64
-- arg written: u64
-- mysql:
INSERT INTO barriers (id, written) VALUES (:id, :written) ON DUPLICATE KEY UPDATE written = VALUES(written);
