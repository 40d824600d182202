-- Set on every connection and read back: see src/store/mysql/settings.rs.
SET NAMES utf8mb4;
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
-- Waits in seconds. MariaDB reads what stands after M! in a comment, MySQL does not have that setting: a connection that wrote and
-- then fell silent loses its locks after it.
SET SESSION
    sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION',
    autocommit = 1,
    lock_wait_timeout = 30,
    innodb_lock_wait_timeout = 2
    /*M!100301 , idle_write_transaction_timeout = 5 */;
