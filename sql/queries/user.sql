-- Users: who they are, what they sign in with, what they show.

-- name: insert_user :inserted
-- A new user, without a picture. Without `id` the database gives the next number. The role: 1 customer, 2 operator.
-- arg id: u64 null
-- arg user_name: text
-- arg nickname: text
-- arg password_hash: text
-- arg role: u64
-- arg full_name: text
-- arg email: text null
-- arg now: i64
INSERT INTO users (id, user_name, nickname, picture, password_hash, role, full_name, email, version, created_at, updated_at)
VALUES (:id, :user_name, :nickname, '', :password_hash, :role, :full_name, :email, 1, :now, :now);

-- name: role :optional
-- arg id: u64
-- row UserRole: role u64
SELECT role FROM users WHERE id = :id;

-- name: set_role :changed
-- arg id: u64
-- arg role: u64
-- arg now: i64
UPDATE users SET role = :role, updated_at = :now WHERE id = :id;

-- name: person :optional
-- Who a user is, to themselves.
-- arg id: u64
-- row Person: id u64, user_name text, full_name text, email text null, role u64, created_at i64
SELECT id, user_name, full_name, email, role, created_at FROM users WHERE id = :id;

-- name: any_user :optional
-- Some user, if there is one.
-- row AnyUser: id u64
SELECT id FROM users LIMIT 1;

-- name: credentials :many
-- What sign-ins are checked against, in any order; unknown names are left out. Names are compared byte for byte.
-- arg user_names: text list
-- row Credentials: id u64, user_name text, password_hash text, password_version u64
SELECT id, user_name, password_hash, password_version FROM users WHERE user_name IN (:user_names);

-- name: profiles :many
-- The profiles of `ids`, in any order; unknown users are left out.
-- arg ids: u64 list
-- row Profile: id u64, user_name text, nickname text, picture text, version u64
SELECT id, user_name, nickname, picture, version FROM users WHERE id IN (:ids);

-- name: profile :optional
-- One profile, read again after a change in the same transaction.
-- arg id: u64
-- row Profile
SELECT id, user_name, nickname, picture, version FROM users WHERE id = :id;

-- name: set_nickname :changed
-- arg id: u64
-- arg nickname: text
-- arg now: i64
UPDATE users SET nickname = :nickname, version = version + 1, updated_at = :now WHERE id = :id;

-- name: set_picture :changed
-- Also locks the user's row, so that of two new pictures one waits for the other.
-- arg id: u64
-- arg picture: text
-- arg now: i64
UPDATE users SET picture = :picture, version = version + 1, updated_at = :now WHERE id = :id;
