-- Users and their pictures. Times are UTC microseconds. What is compared is bytes, so that no collation folds case or
-- trailing spaces.
-- Every statement can be run again: DDL commits by itself, and a crash may come before it was recorded.

CREATE TABLE IF NOT EXISTS users (
    id BIGINT NOT NULL AUTO_INCREMENT,
    user_name VARBINARY(64) NOT NULL,
    nickname VARCHAR(32) NOT NULL,
    picture VARBINARY(64) NOT NULL,
    password_hash VARBINARY(255) NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT users_pk PRIMARY KEY (id),
    CONSTRAINT users_user_name UNIQUE (user_name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS pictures (
    name VARBINARY(64) NOT NULL,
    user_id BIGINT NOT NULL,
    bytes MEDIUMBLOB NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pictures_pk PRIMARY KEY (name),
    KEY pictures_user_id (user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
