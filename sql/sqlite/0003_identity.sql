-- Who may: what `/v1` knows of users, the sessions of programs that hold tokens, and what happened.

-- full_name and email are what /v1 asks for; email is in lower case, and nobody else's. password_version grows with every change of the password.
ALTER TABLE users ADD COLUMN full_name TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN email TEXT;
ALTER TABLE users ADD COLUMN password_version INTEGER NOT NULL DEFAULT 1;

CREATE UNIQUE INDEX users_email ON users (email);

-- One for each sign-in that was answered with tokens. refresh_hash and previous_hash: SHA-256 of the refresh token that is valid, and of the one
-- before it, which within seconds of rotated_at gets the same successor again. salt: with it the successor follows from its predecessor.
-- status: 1 active, 2 blocked, 3 blocked because a token was used again.
CREATE TABLE sessions (
    id BLOB NOT NULL,
    user_id INTEGER NOT NULL,
    salt BLOB NOT NULL,
    refresh_hash BLOB NOT NULL,
    previous_hash BLOB,
    user_agent TEXT NOT NULL,
    address TEXT NOT NULL,
    status INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    rotated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CONSTRAINT sessions_pk PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_user_id ON sessions (user_id, id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- What happened: whom it was about, who did it, from where. Written once, and deleted when it is old.
CREATE TABLE audit_events (
    id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    user_id INTEGER,
    actor INTEGER,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    detail TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT audit_events_pk PRIMARY KEY (id AUTOINCREMENT)
) STRICT;

CREATE INDEX audit_events_user_id ON audit_events (user_id, id);
CREATE INDEX audit_events_kind ON audit_events (kind, id);
