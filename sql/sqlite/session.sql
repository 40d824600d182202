-- Set on every connection and read back: see src/store/sqlite/connection.rs.
PRAGMA journal_mode = WAL;
-- A commit is on disk before it is answered; NORMAL may lose the last ones when the power goes.
PRAGMA synchronous = FULL;
-- Pages of WAL until a commit copies them into the file (16 MiB): a page that many commits change is copied once.
PRAGMA wal_autocheckpoint = 4096;
PRAGMA foreign_keys = ON;
-- KiB of pages a connection keeps (32 MiB).
PRAGMA cache_size = -32768;
-- An error under a mapped page is a signal that ends the process, under a read an error that one caller sees.
PRAGMA mmap_size = 0;
PRAGMA temp_store = MEMORY;
PRAGMA trusted_schema = OFF;
-- Bytes of WAL kept after a checkpoint (64 MiB): one long reader does not cost the disk for ever.
PRAGMA journal_size_limit = 67108864;
