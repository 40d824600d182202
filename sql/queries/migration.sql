-- The record of the migrations that a database has seen. Not itself a migration: it must be there before the first.

-- name: create_migrations :changed
-- sqlite:
CREATE TABLE IF NOT EXISTS schema_migrations (
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    statements_done INTEGER NOT NULL,
    finished_at INTEGER,
    CONSTRAINT schema_migrations_pk PRIMARY KEY (number)
) STRICT;
-- mysql:
CREATE TABLE IF NOT EXISTS schema_migrations (
    number INT NOT NULL,
    name VARCHAR(128) NOT NULL,
    checksum CHAR(64) NOT NULL,
    statements_done INT NOT NULL,
    finished_at BIGINT NULL,
    CONSTRAINT schema_migrations_pk PRIMARY KEY (number)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- name: migrations :many
-- What was applied, or begun, in order.
-- row AppliedMigration: number u64, name text, checksum text, statements_done u64, finished_at i64 null
SELECT number, name, checksum, statements_done, finished_at FROM schema_migrations ORDER BY number;

-- name: begin_migration :changed
-- arg number: u64
-- arg name: text
-- arg checksum: text
INSERT INTO schema_migrations (number, name, checksum, statements_done, finished_at)
VALUES (:number, :name, :checksum, 0, NULL);

-- name: record_statement :changed
-- The first `done` statements of the migration are in effect.
-- arg number: u64
-- arg done: u64
UPDATE schema_migrations SET statements_done = :done WHERE number = :number;

-- name: finish_migration :changed
-- arg number: u64
-- arg now: i64
UPDATE schema_migrations SET finished_at = :now WHERE number = :number;

-- name: lock_migrations :optional
-- Waits for the lock that one migrating connection holds at a time, and that is free again when it closes. Lock names belong
-- to the whole server and have at most 64 characters, so this one is made of the database's name.
-- arg wait_s: u64
-- row MigrationLock: held i64 null
-- mysql:
SELECT GET_LOCK(CONCAT('teller_migrate_', MD5(DATABASE())), :wait_s) AS held;
