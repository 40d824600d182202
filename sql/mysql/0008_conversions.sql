-- Money of one currency for money of another. All rows are written once.
-- Every statement can be run again: DDL commits by itself, and a crash may come before it was recorded.

-- What operators have set: the newest row of a pair holds, and the others say what held before it. The rate is a fraction in major units, the
-- spread what the house keeps of it, in millionths of a percent.
CREATE TABLE IF NOT EXISTS rates (
    id BIGINT NOT NULL AUTO_INCREMENT,
    from_asset VARBINARY(16) NOT NULL,
    to_asset VARBINARY(16) NOT NULL,
    numerator DECIMAL(38, 0) NOT NULL,
    denominator DECIMAL(38, 0) NOT NULL,
    spread BIGINT NOT NULL,
    actor BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT rates_pk PRIMARY KEY (id),
    KEY rates_pair (from_asset, to_asset, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- A row is written in the transaction of both its transfers. id: the one that sells; bought_by: the one that buys. The rate is the one that was
-- quoted, less the spread.
CREATE TABLE IF NOT EXISTS conversions (
    id BINARY(16) NOT NULL,
    bought_by BINARY(16) NOT NULL,
    user_id BIGINT NOT NULL,
    from_asset VARBINARY(16) NOT NULL,
    to_asset VARBINARY(16) NOT NULL,
    sold DECIMAL(38, 0) NOT NULL,
    bought DECIMAL(38, 0) NOT NULL,
    numerator DECIMAL(38, 0) NOT NULL,
    denominator DECIMAL(38, 0) NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT conversions_pk PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
