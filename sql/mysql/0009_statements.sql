-- Statements of others (a bank's, a custodian's) beside an account's entries, line by line.

-- sha256: of the file, in hex. digest: SHA-256 of the file and of how it was to be read, in hex; NULL while lines are being written. summary: JSON, with amounts in minor units.
CREATE TABLE IF NOT EXISTS statements (
    id BIGINT NOT NULL AUTO_INCREMENT,
    account_id BIGINT NOT NULL,
    file_name VARCHAR(255) NOT NULL,
    sha256 VARBINARY(64) NOT NULL,
    digest VARBINARY(64),
    summary MEDIUMTEXT NOT NULL,
    resolved BIGINT NOT NULL,
    created_by BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT statements_pk PRIMARY KEY (id),
    CONSTRAINT statements_digest UNIQUE (account_id, digest),
    KEY statements_account_id (account_id, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- state: 1 amount mismatch, 2 missing internal, 3 missing external, 4 duplicate, 5 unreadable, 6 expected later, 7 matched. day: since 1970.
-- entries: numbers of our entries, as in 3-5,9.
CREATE TABLE IF NOT EXISTS statement_lines (
    statement_id BIGINT NOT NULL,
    place BIGINT NOT NULL,
    state TINYINT NOT NULL,
    reason VARCHAR(500) NOT NULL,
    number BIGINT,
    day BIGINT,
    amount DECIMAL(38, 0),
    ours DECIMAL(38, 0),
    reference VARCHAR(140) NOT NULL,
    description VARCHAR(140) NOT NULL,
    entries MEDIUMTEXT NOT NULL,
    transfer_id BINARY(16),
    resolved_by BIGINT,
    resolved_at BIGINT,
    note VARCHAR(500),
    CONSTRAINT statement_lines_pk PRIMARY KEY (statement_id, place),
    KEY statement_lines_state (statement_id, state, place)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Which column of an account's CSV statements says what, as JSON.
CREATE TABLE IF NOT EXISTS statement_mappings (
    account_id BIGINT NOT NULL,
    mapping TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT statement_mappings_pk PRIMARY KEY (account_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
