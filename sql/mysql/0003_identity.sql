-- Who may: what `/v1` knows of users, the sessions of programs that hold tokens, and what happened.
-- Every statement can be run again: DDL commits by itself, and a crash may come before it was recorded.

-- full_name and email are what /v1 asks for; email is in lower case, and nobody else's. password_version grows with every change of the password.
ALTER TABLE users ADD COLUMN full_name VARCHAR(100) NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN email VARBINARY(254) NULL;
ALTER TABLE users ADD COLUMN password_version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE users ADD CONSTRAINT users_email UNIQUE (email);

-- One for each sign-in that was answered with tokens. refresh_hash and previous_hash: SHA-256 of the refresh token that is valid, and of the one
-- before it, which within seconds of rotated_at gets the same successor again. salt: with it the successor follows from its predecessor.
-- status: 1 active, 2 blocked, 3 blocked because a token was used again.
CREATE TABLE IF NOT EXISTS sessions (
    id BINARY(16) NOT NULL,
    user_id BIGINT NOT NULL,
    salt VARBINARY(32) NOT NULL,
    refresh_hash VARBINARY(32) NOT NULL,
    previous_hash VARBINARY(32) NULL,
    user_agent VARCHAR(256) NOT NULL,
    address VARBINARY(64) NOT NULL,
    status TINYINT NOT NULL,
    created_at BIGINT NOT NULL,
    rotated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT sessions_pk PRIMARY KEY (id),
    KEY sessions_user_id (user_id, id),
    KEY sessions_expires_at (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What happened: whom it was about, who did it, from where. Written once, and deleted when it is old.
CREATE TABLE IF NOT EXISTS audit_events (
    id BIGINT NOT NULL AUTO_INCREMENT,
    kind VARBINARY(32) NOT NULL,
    user_id BIGINT NULL,
    actor BIGINT NULL,
    address VARBINARY(64) NOT NULL,
    user_agent VARCHAR(256) NOT NULL,
    detail VARCHAR(1024) NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT audit_events_pk PRIMARY KEY (id),
    KEY audit_events_user_id (user_id, id),
    KEY audit_events_kind (kind, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
