-- Statements of others beside our entries: what came of each line. A statement without a digest is not finished, and nobody sees it.

-- name: booked_up :many
-- An account's entries from number `first`, oldest first, with the references that a bank or a chain gave them: those of transfers between
-- users are marks of our own.
-- arg account_id: u64
-- arg first: u64
-- arg most: u64
-- row Booked: seq u64, transfer_id uuid, amount amount, created_at i64, reference text null
SELECT e.seq, e.transfer_id, e.amount, e.created_at, CASE WHEN t.kind = 1 THEN NULL ELSE t.reference END AS reference
FROM entries e LEFT JOIN transfers t ON t.id = e.transfer_id
WHERE e.account_id = :account_id AND e.seq >= :first ORDER BY e.seq LIMIT :most;

-- name: insert_statement :inserted
-- arg account_id: u64
-- arg file_name: text
-- arg sha256: text
-- arg summary: text
-- arg created_by: u64
-- arg created_at: i64
INSERT INTO statements (account_id, file_name, sha256, digest, summary, resolved, created_by, created_at)
VALUES (:account_id, :file_name, :sha256, NULL, :summary, 0, :created_by, :created_at);

-- name: insert_statement_lines :each
-- row StatementLine: statement_id u64, place u64, state u64, reason text, number u64 null, day i64 null, amount amount null, ours amount null, reference text, description text, entries text, transfer_id uuid null, resolved_by u64 null, resolved_at i64 null, note text null
INSERT INTO statement_lines (statement_id, place, state, reason, number, day, amount, ours, reference, description, entries, transfer_id, resolved_by, resolved_at, note)
VALUES (:statement_id, :place, :state, :reason, :number, :day, :amount, :ours, :reference, :description, :entries, :transfer_id, :resolved_by, :resolved_at, :note);

-- name: finish_statement :changed
-- arg id: u64
-- arg digest: text
UPDATE statements SET digest = :digest WHERE id = :id;

-- name: unfinished_statements :many
-- Those that were begun before then.
-- arg before: i64
-- arg most: u64
-- row UnfinishedStatement: id u64
SELECT id FROM statements WHERE digest IS NULL AND created_at < :before ORDER BY id LIMIT :most;

-- name: statement_places_up :many
-- arg statement_id: u64
-- arg most: u64
-- row StatementPlace: place u64
SELECT place FROM statement_lines WHERE statement_id = :statement_id ORDER BY place LIMIT :most;

-- name: delete_statement_lines :changed
-- Those up to `last`.
-- arg statement_id: u64
-- arg last: u64
DELETE FROM statement_lines WHERE statement_id = :statement_id AND place <= :last;

-- name: delete_unfinished_statement :changed
-- arg id: u64
DELETE FROM statements WHERE id = :id AND digest IS NULL;

-- name: statement :optional
-- arg id: u64
-- row Statement: id u64, account_id u64, file_name text, sha256 text, digest text null, summary text, resolved u64, created_by u64, created_at i64
SELECT id, account_id, file_name, sha256, digest, summary, resolved, created_by, created_at FROM statements WHERE id = :id AND digest IS NOT NULL;

-- name: statement_of_digest :optional
-- arg account_id: u64
-- arg digest: text
-- row Statement
SELECT id, account_id, file_name, sha256, digest, summary, resolved, created_by, created_at FROM statements
WHERE account_id = :account_id AND digest = :digest;

-- name: statements_down :many
-- Those of an account before number `before`: newest first.
-- arg account_id: u64
-- arg before: u64
-- arg most: u64
-- row Statement
SELECT id, account_id, file_name, sha256, digest, summary, resolved, created_by, created_at FROM statements
WHERE account_id = :account_id AND id < :before AND digest IS NOT NULL ORDER BY id DESC LIMIT :most;

-- name: statement_lines_up :many
-- Those after `after`, in their order: discrepancies first.
-- arg statement_id: u64
-- arg after: u64
-- arg most: u64
-- row StatementLine
SELECT statement_id, place, state, reason, number, day, amount, ours, reference, description, entries, transfer_id, resolved_by, resolved_at, note
FROM statement_lines WHERE statement_id = :statement_id AND place > :after ORDER BY place LIMIT :most;

-- name: statement_lines_of_state_up :many
-- The same of one state.
-- arg statement_id: u64
-- arg state: u64
-- arg after: u64
-- arg most: u64
-- row StatementLine
SELECT statement_id, place, state, reason, number, day, amount, ours, reference, description, entries, transfer_id, resolved_by, resolved_at, note
FROM statement_lines WHERE statement_id = :statement_id AND state = :state AND place > :after ORDER BY place LIMIT :most;

-- name: resolve_statement_line :changed
-- Of a line that nobody has resolved yet.
-- arg statement_id: u64
-- arg place: u64
-- arg resolved_by: u64
-- arg resolved_at: i64
-- arg note: text
UPDATE statement_lines SET resolved_by = :resolved_by, resolved_at = :resolved_at, note = :note
WHERE statement_id = :statement_id AND place = :place AND resolved_by IS NULL;

-- name: count_resolved :changed
-- arg id: u64
UPDATE statements SET resolved = resolved + 1 WHERE id = :id;

-- name: set_statement_mapping :changed
-- arg account_id: u64
-- arg mapping: text
-- arg updated_at: i64
-- sqlite:
INSERT INTO statement_mappings (account_id, mapping, updated_at) VALUES (:account_id, :mapping, :updated_at)
ON CONFLICT (account_id) DO UPDATE SET mapping = excluded.mapping, updated_at = excluded.updated_at;
-- mysql:
INSERT INTO statement_mappings (account_id, mapping, updated_at) VALUES (:account_id, :mapping, :updated_at)
ON DUPLICATE KEY UPDATE mapping = VALUES(mapping), updated_at = VALUES(updated_at);

-- name: statement_mapping :optional
-- arg account_id: u64
-- row StatementMapping: mapping text
SELECT mapping FROM statement_mappings WHERE account_id = :account_id;
