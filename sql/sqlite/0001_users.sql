-- Users and their pictures. Times are UTC microseconds. Text is compared byte for byte (BINARY, SQLite's own default).

-- AUTOINCREMENT, because a number is never given twice, also after its user is gone.
CREATE TABLE users (
    id INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    nickname TEXT NOT NULL,
    picture TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT users_pk PRIMARY KEY (id AUTOINCREMENT),
    CONSTRAINT users_user_name UNIQUE (user_name)
) STRICT;

CREATE TABLE pictures (
    name TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT pictures_pk PRIMARY KEY (name)
) STRICT;

CREATE INDEX pictures_user_id ON pictures (user_id);
