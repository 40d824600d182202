-- What happened. Written once.

-- name: insert_event :inserted
-- arg kind: text
-- arg user: u64 null
-- arg actor: u64 null
-- arg address: text
-- arg user_agent: text
-- arg detail: text
-- arg now: i64
INSERT INTO audit_events (kind, user_id, actor, address, user_agent, detail, created_at)
VALUES (:kind, :user, :actor, :address, :user_agent, :detail, :now);
