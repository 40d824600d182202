-- Statements of others (a bank's, a custodian's) beside an account's entries, line by line.

-- sha256: of the file, in hex. digest: SHA-256 of the file and of how it was to be read, in hex; NULL while lines are being written. summary: JSON, with amounts in minor units.
CREATE TABLE statements (
    id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    digest TEXT,
    summary TEXT NOT NULL,
    resolved INTEGER NOT NULL,
    created_by INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT statements_pk PRIMARY KEY (id AUTOINCREMENT),
    CONSTRAINT statements_digest UNIQUE (account_id, digest)
) STRICT;

CREATE INDEX statements_account_id ON statements (account_id, id);

-- state: 1 amount mismatch, 2 missing internal, 3 missing external, 4 duplicate, 5 unreadable, 6 expected later, 7 matched. day: since 1970.
-- entries: numbers of our entries, as in 3-5,9.
CREATE TABLE statement_lines (
    statement_id INTEGER NOT NULL,
    place INTEGER NOT NULL,
    state INTEGER NOT NULL,
    reason TEXT NOT NULL,
    number INTEGER,
    day INTEGER,
    amount ANY,
    ours ANY,
    reference TEXT NOT NULL,
    description TEXT NOT NULL,
    entries TEXT NOT NULL,
    transfer_id BLOB,
    resolved_by INTEGER,
    resolved_at INTEGER,
    note TEXT,
    CONSTRAINT statement_lines_pk PRIMARY KEY (statement_id, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX statement_lines_state ON statement_lines (statement_id, state, place);

-- Which column of an account's CSV statements says what, as JSON.
CREATE TABLE statement_mappings (
    account_id INTEGER NOT NULL,
    mapping TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT statement_mappings_pk PRIMARY KEY (account_id)
) STRICT;
