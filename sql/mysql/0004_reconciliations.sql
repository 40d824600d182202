-- Comparisons of an account's balance with somebody else's. Written once.

-- verdict: 1 matched, 2 mismatch. Decimals other than amounts are text.
CREATE TABLE IF NOT EXISTS reconciliations (
    id BIGINT NOT NULL AUTO_INCREMENT,
    account_id BIGINT NOT NULL,
    start_time BIGINT NOT NULL,
    end_time BIGINT NOT NULL,
    opening DECIMAL(38, 0) NOT NULL,
    closing DECIMAL(38, 0) NOT NULL,
    entries BIGINT NOT NULL,
    external_balance VARBINARY(320) NOT NULL,
    tolerance VARBINARY(320) NOT NULL,
    difference VARBINARY(320) NOT NULL,
    verdict TINYINT NOT NULL,
    notes VARCHAR(2048) NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT reconciliations_pk PRIMARY KEY (id),
    KEY reconciliations_account_id (account_id, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
