-- Whether the database answers.

-- name: ping :optional
-- row Pong: one i64
SELECT 1 AS one;
