-- Passwords: changed, kept under another hash, and what a change ends.

-- name: password_versions :many
-- Which passwords `ids` have, in any order; unknown users are left out.
-- arg ids: u64 list
-- row PasswordVersion: id u64, password_version u64
SELECT id, password_version FROM users WHERE id IN (:ids);

-- name: change_password :changed
-- None, if the password is another by now. Also locks the user's row.
-- arg id: u64
-- arg password_version: u64
-- arg password_hash: text
-- arg now: i64
UPDATE users SET password_hash = :password_hash, password_version = password_version + 1, updated_at = :now
WHERE id = :id AND password_version = :password_version;

-- name: hold_password :optional
-- Waits for whoever changes the password, and lets nobody change it until this transaction has ended.
-- arg id: u64
-- row HeldPassword: id u64
-- mysql:
SELECT id FROM users WHERE id = :id FOR UPDATE;

-- name: has_password :optional
-- Whether the user has that very hash, whose salt is random.
-- arg id: u64
-- arg password_hash: text
-- row HasPassword: id u64
SELECT id FROM users WHERE id = :id AND password_hash = :password_hash;

-- name: rehash_password :changed
-- None, if another hash is there by now.
-- arg id: u64
-- arg old: text
-- arg new: text
UPDATE users SET password_hash = :new WHERE id = :id AND password_hash = :old;

-- name: block_sessions_of :changed
-- Blocks a user's sessions with tokens, except one. The status: 1 active, 2 blocked.
-- arg user_id: u64
-- arg keep: uuid
UPDATE sessions SET status = 2 WHERE user_id = :user_id AND status = 1 AND id <> :keep;
