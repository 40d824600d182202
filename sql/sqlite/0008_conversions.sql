-- Money of one currency for money of another. All rows are written once.

-- What operators have set: the newest row of a pair holds, and the others say what held before it. The rate is a fraction in major units, the
-- spread what the house keeps of it, in millionths of a percent.
CREATE TABLE rates (
    id INTEGER NOT NULL,
    from_asset TEXT NOT NULL,
    to_asset TEXT NOT NULL,
    numerator ANY NOT NULL,
    denominator ANY NOT NULL,
    spread INTEGER NOT NULL,
    actor INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT rates_pk PRIMARY KEY (id AUTOINCREMENT)
) STRICT;

CREATE INDEX rates_pair ON rates (from_asset, to_asset, id);

-- A row is written in the transaction of both its transfers. id: the one that sells; bought_by: the one that buys. The rate is the one that was
-- quoted, less the spread.
CREATE TABLE conversions (
    id BLOB NOT NULL,
    bought_by BLOB NOT NULL,
    user_id INTEGER NOT NULL,
    from_asset TEXT NOT NULL,
    to_asset TEXT NOT NULL,
    sold ANY NOT NULL,
    bought ANY NOT NULL,
    numerator ANY NOT NULL,
    denominator ANY NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT conversions_pk PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
