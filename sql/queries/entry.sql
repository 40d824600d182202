-- Entries, written once. A range of time is looked up as a range of numbers first (`seq_before`), and then read by its key.

-- name: insert_entries :each
-- row Entry: account_id u64, seq u64, transfer_id uuid, amount amount, balance_before amount, balance_after amount, held_after amount, created_at i64
INSERT INTO entries (account_id, seq, transfer_id, amount, balance_before, balance_after, held_after, created_at)
VALUES (:account_id, :seq, :transfer_id, :amount, :balance_before, :balance_after, :held_after, :created_at);

-- name: seq_before :optional
-- The number of the newest entry that is older than `at`. On SQLite it is looked for among the 64 that follow on the last one in the index.
-- arg account_id: u64
-- arg at: i64
-- row Seq: seq u64
-- sqlite:
SELECT e.seq FROM entries e JOIN (
    SELECT seq FROM entries
    WHERE account_id = :account_id AND created_at < :at AND seq % 64 = 1 ORDER BY created_at DESC, seq DESC LIMIT 1
) m ON e.seq >= m.seq AND e.seq < m.seq + 64
WHERE e.account_id = :account_id AND e.created_at < :at ORDER BY e.seq DESC LIMIT 1;
-- mysql:
SELECT seq FROM entries WHERE account_id = :account_id AND created_at < :at ORDER BY created_at DESC, seq DESC LIMIT 1;

-- name: entries_down :many
-- Those from number `first` up to, but not with, number `before`: newest first.
-- arg account_id: u64
-- arg first: u64
-- arg before: u64
-- arg most: u64
-- row Entry
SELECT account_id, seq, transfer_id, amount, balance_before, balance_after, held_after, created_at FROM entries
WHERE account_id = :account_id AND seq >= :first AND seq < :before ORDER BY seq DESC LIMIT :most;

-- name: entry_at :optional
-- The newest entry that is not newer than `at`, found as `seq_before` finds its own.
-- arg account_id: u64
-- arg at: i64
-- row Entry
-- sqlite:
SELECT e.account_id, e.seq, e.transfer_id, e.amount, e.balance_before, e.balance_after, e.held_after, e.created_at FROM entries e JOIN (
    SELECT seq FROM entries
    WHERE account_id = :account_id AND created_at <= :at AND seq % 64 = 1 ORDER BY created_at DESC, seq DESC LIMIT 1
) m ON e.seq >= m.seq AND e.seq < m.seq + 64
WHERE e.account_id = :account_id AND e.created_at <= :at ORDER BY e.seq DESC LIMIT 1;
-- mysql:
SELECT account_id, seq, transfer_id, amount, balance_before, balance_after, held_after, created_at FROM entries
WHERE account_id = :account_id AND created_at <= :at ORDER BY created_at DESC, seq DESC LIMIT 1;

-- name: entries_up :many
-- Those from number `first`: oldest first.
-- arg account_id: u64
-- arg first: u64
-- arg most: u64
-- row Entry
SELECT account_id, seq, transfer_id, amount, balance_before, balance_after, held_after, created_at FROM entries
WHERE account_id = :account_id AND seq >= :first ORDER BY seq LIMIT :most;

-- name: entries_after :many
-- All entries, page by page.
-- arg account_id: u64
-- arg seq: u64
-- arg most: u64
-- row Entry
-- sqlite:
SELECT account_id, seq, transfer_id, amount, balance_before, balance_after, held_after, created_at FROM entries
WHERE (account_id, seq) > (:account_id, :seq) ORDER BY account_id, seq LIMIT :most;
-- mysql:
SELECT account_id, seq, transfer_id, amount, balance_before, balance_after, held_after, created_at FROM entries
WHERE (account_id = :account_id AND seq > :seq) OR account_id > :account_id ORDER BY account_id, seq LIMIT :most;
