-- What happened: written once, read newest first, deleted when it is old.

-- name: insert_audit_events :each
-- row NewAuditEvent: kind text, user_id u64 null, actor u64 null, address text, user_agent text, detail text, created_at i64
INSERT INTO audit_events (kind, user_id, actor, address, user_agent, detail, created_at)
VALUES (:kind, :user_id, :actor, :address, :user_agent, :detail, :created_at);

-- name: audit_down :many
-- Those before number `before`: newest first.
-- arg before: u64
-- arg most: u64
-- row AuditEvent: id u64, kind text, user_id u64 null, actor u64 null, address text, user_agent text, detail text, created_at i64
SELECT id, kind, user_id, actor, address, user_agent, detail, created_at FROM audit_events
WHERE id < :before ORDER BY id DESC LIMIT :most;

-- name: audit_of_kind_down :many
-- The same of one kind.
-- arg kind: text
-- arg before: u64
-- arg most: u64
-- row AuditEvent
SELECT id, kind, user_id, actor, address, user_agent, detail, created_at FROM audit_events
WHERE kind = :kind AND id < :before ORDER BY id DESC LIMIT :most;

-- name: audit_of_user_down :many
-- The same about one user.
-- arg user_id: u64
-- arg before: u64
-- arg most: u64
-- row AuditEvent
SELECT id, kind, user_id, actor, address, user_agent, detail, created_at FROM audit_events
WHERE user_id = :user_id AND id < :before ORDER BY id DESC LIMIT :most;

-- name: audit_of_user_and_kind_down :many
-- The same of both.
-- arg user_id: u64
-- arg kind: text
-- arg before: u64
-- arg most: u64
-- row AuditEvent
SELECT id, kind, user_id, actor, address, user_agent, detail, created_at FROM audit_events
WHERE user_id = :user_id AND kind = :kind AND id < :before ORDER BY id DESC LIMIT :most;

-- name: oldest_audit_events :many
-- The numbers and times of the oldest.
-- arg most: u64
-- row OldAuditEvent: id u64, created_at i64
SELECT id, created_at FROM audit_events ORDER BY id LIMIT :most;

-- name: delete_audit_events :changed
-- arg ids: u64 list
DELETE FROM audit_events WHERE id IN (:ids);
