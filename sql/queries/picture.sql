-- Pictures, as they are served.

-- name: insert_picture :changed
-- arg name: text
-- arg user_id: u64
-- arg bytes: bytes
-- arg now: i64
INSERT INTO pictures (name, user_id, bytes, created_at) VALUES (:name, :user_id, :bytes, :now);

-- name: delete_pictures_of :changed
-- All pictures of a user: run before a new one is inserted, it leaves nothing behind and can be run again.
-- arg user_id: u64
DELETE FROM pictures WHERE user_id = :user_id;

-- name: picture :optional
-- arg name: text
-- row PictureBytes: bytes bytes
SELECT bytes FROM pictures WHERE name = :name;
