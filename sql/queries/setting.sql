-- What a MySQL server and a connection to it are set to.

-- name: settings :many
-- The settings that money and passwords rest on, as far as the server has them: of the session where they can be set there,
-- else of the server.
-- row Setting: variable_name text, value text
-- mysql:
SHOW VARIABLES WHERE Variable_name IN (
    'autocommit',
    'binlog_format',
    'innodb_doublewrite',
    'innodb_flush_log_at_trx_commit',
    'innodb_lock_wait_timeout',
    'local_infile',
    'log_bin',
    'sql_mode',
    'sync_binlog',
    'transaction_isolation',
    'tx_isolation'
);
