-- Set on every connection and read back: see src/store/sqlite/connection.rs.
PRAGMA journal_mode = WAL;
-- A commit is on disk before it is answered; NORMAL may lose the last ones when the power goes.
PRAGMA synchronous = FULL;
-- Of the writer this is left to src/store/sqlite/checkpoint.rs.
PRAGMA wal_autocheckpoint = 4096;
PRAGMA foreign_keys = ON;
-- KiB of pages a connection keeps (32 MiB).
PRAGMA cache_size = -32768;
-- An error under a mapped page is a signal that ends the process, under a read an error that one caller sees.
PRAGMA mmap_size = 0;
PRAGMA temp_store = MEMORY;
PRAGMA trusted_schema = OFF;
-- Bytes of WAL kept after a checkpoint (160 MiB, more than it takes): one long reader does not cost the disk for ever.
PRAGMA journal_size_limit = 167772160;
