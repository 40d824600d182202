-- Sessions of programs that hold tokens.

-- name: insert_grant :changed
-- arg id: uuid
-- arg user: u64
-- arg salt: bytes
-- arg refresh_hash: bytes
-- arg user_agent: text
-- arg address: text
-- arg created_at: i64
-- arg expires_at: i64
INSERT INTO sessions (id, user_id, salt, refresh_hash, user_agent, address, status, created_at, rotated_at, expires_at)
VALUES (:id, :user, :salt, :refresh_hash, :user_agent, :address, 1, :created_at, :created_at, :expires_at);

-- name: grants :many
-- The sessions `ids`, in any order; unknown ones are left out.
-- arg ids: uuid list
-- row Grant: id uuid, user_id u64, salt bytes, refresh_hash bytes, previous_hash bytes null, user_agent text, address text, status u64, created_at i64, rotated_at i64, expires_at i64
SELECT id, user_id, salt, refresh_hash, previous_hash, user_agent, address, status, created_at, rotated_at, expires_at FROM sessions
WHERE id IN (:ids);

-- name: grants_of :many
-- A user's sessions that may still be used, the newest first.
-- arg user: u64
-- arg now: i64
-- arg most: u64
-- row Grant
SELECT id, user_id, salt, refresh_hash, previous_hash, user_agent, address, status, created_at, rotated_at, expires_at FROM sessions
WHERE user_id = :user AND status = 1 AND expires_at > :now ORDER BY id DESC LIMIT :most;

-- name: rotate_grant :changed
-- Another refresh token takes the place of the one that is valid, if it still is.
-- arg id: uuid
-- arg from: bytes
-- arg to: bytes
-- arg now: i64
UPDATE sessions SET previous_hash = :from, refresh_hash = :to, rotated_at = :now WHERE id = :id AND refresh_hash = :from AND status = 1;

-- name: block_grant :changed
-- arg id: uuid
-- arg status: u64
UPDATE sessions SET status = :status WHERE id = :id AND status = 1;

-- name: block_grants_until :changed
-- Those of a user's sessions that are not newer than `last`.
-- arg user: u64
-- arg last: uuid
UPDATE sessions SET status = 2 WHERE user_id = :user AND id <= :last AND status = 1;

-- name: ended_grants :many
-- arg before: i64
-- arg most: u64
-- row GrantId: id uuid
SELECT id FROM sessions WHERE expires_at < :before ORDER BY expires_at LIMIT :most;

-- name: delete_grants :changed
-- arg ids: uuid list
DELETE FROM sessions WHERE id IN (:ids);
