-- Accounts as they stand. On SQLite what they have is read from their newest entries.

-- name: insert_account :inserted
-- A new account, empty and open.
-- arg owner: u64 null
-- arg kind: u64
-- arg stripe: u64 null
-- arg asset: asset
-- arg floor: amount
-- arg now: i64
-- sqlite:
INSERT INTO accounts (owner, kind, stripe, asset, floor, status, created_at, updated_at)
VALUES (:owner, :kind, :stripe, :asset, :floor, 1, :now, :now);
-- mysql:
INSERT INTO accounts (owner, kind, stripe, asset, balance, held, floor, version, status, created_at, updated_at)
VALUES (:owner, :kind, :stripe, :asset, 0, 0, :floor, 0, 1, :now, :now);

-- name: insert_accounts :each
-- Users' accounts, as `insert_account` makes one; an owner's that is there already stays as it is.
-- row NewAccount: owner u64, asset asset, created_at i64
-- sqlite:
INSERT INTO accounts (owner, kind, stripe, asset, floor, status, created_at, updated_at)
VALUES (:owner, 1, NULL, :asset, 0, 1, :created_at, :created_at) ON CONFLICT (owner, asset) DO NOTHING;
-- mysql:
INSERT INTO accounts (owner, kind, stripe, asset, balance, held, floor, version, status, created_at, updated_at)
VALUES (:owner, 1, NULL, :asset, 0, 0, 0, 0, 1, :created_at, :created_at) ON DUPLICATE KEY UPDATE id = id;

-- name: owned_accounts :many
-- The owners' accounts in an asset, in any order.
-- arg asset: asset
-- arg owners: u64 list
-- row Owned: id u64, owner u64
SELECT id, owner FROM accounts WHERE asset = :asset AND owner IN (:owners);

-- name: accounts :many
-- The accounts of `ids`, in any order; unknown ones are left out.
-- arg ids: u64 list
-- row Account: id u64, owner u64 null, kind u64, stripe u64 null, asset asset, balance amount, held amount, floor amount, version u64, status u64, created_at i64, updated_at i64
-- sqlite:
SELECT id, owner, kind, stripe, asset, balance, held, floor, version, status, created_at, updated_at FROM account_states
WHERE id IN (:ids);
-- mysql:
SELECT id, owner, kind, stripe, asset, balance, held, floor, version, status, created_at, updated_at FROM accounts
WHERE id IN (:ids);

-- name: lock_accounts :many
-- The same, locked in ascending order until the transaction ends. A longer list than one round trip takes must be in ascending order itself.
-- On SQLite the transaction is the lock.
-- arg ids: u64 list
-- row Account
-- sqlite:
SELECT id, owner, kind, stripe, asset, balance, held, floor, version, status, created_at, updated_at FROM account_states
WHERE id IN (:ids);
-- mysql:
SELECT id, owner, kind, stripe, asset, balance, held, floor, version, status, created_at, updated_at FROM accounts
WHERE id IN (:ids) ORDER BY id FOR UPDATE;

-- name: account_of :optional
-- arg owner: u64
-- arg asset: asset
-- row Account
-- sqlite:
SELECT id, owner, kind, stripe, asset, balance, held, floor, version, status, created_at, updated_at FROM account_states
WHERE owner = :owner AND asset = :asset;
-- mysql:
SELECT id, owner, kind, stripe, asset, balance, held, floor, version, status, created_at, updated_at FROM accounts
WHERE owner = :owner AND asset = :asset;

-- name: accounts_of :many
-- arg owner: u64
-- arg after: u64
-- arg most: u64
-- row Account
-- sqlite:
SELECT id, owner, kind, stripe, asset, balance, held, floor, version, status, created_at, updated_at FROM account_states
WHERE owner = :owner AND id > :after ORDER BY id LIMIT :most;
-- mysql:
SELECT id, owner, kind, stripe, asset, balance, held, floor, version, status, created_at, updated_at FROM accounts
WHERE owner = :owner AND id > :after ORDER BY id LIMIT :most;

-- name: house_accounts :many
-- Those of an asset that belong to nobody and are of one kind, in the order of their stripes.
-- arg kind: u64
-- arg asset: asset
-- arg stripes: u64
-- row Stripe: id u64, stripe u64
SELECT id, stripe FROM accounts WHERE kind = :kind AND asset = :asset AND stripe < :stripes ORDER BY stripe;

-- name: accounts_of_kind :many
-- Those that belong to nobody and are of one kind, by asset and stripe.
-- arg kind: u64
-- arg most: u64
-- row Account
-- sqlite:
SELECT id, owner, kind, stripe, asset, balance, held, floor, version, status, created_at, updated_at FROM account_states
WHERE kind = :kind ORDER BY asset, stripe LIMIT :most;
-- mysql:
SELECT id, owner, kind, stripe, asset, balance, held, floor, version, status, created_at, updated_at FROM accounts
WHERE kind = :kind ORDER BY asset, stripe LIMIT :most;

-- name: accounts_of_kind_in :many
-- The same of one asset.
-- arg kind: u64
-- arg asset: asset
-- arg most: u64
-- row Account
-- sqlite:
SELECT id, owner, kind, stripe, asset, balance, held, floor, version, status, created_at, updated_at FROM account_states
WHERE kind = :kind AND asset = :asset ORDER BY stripe LIMIT :most;
-- mysql:
SELECT id, owner, kind, stripe, asset, balance, held, floor, version, status, created_at, updated_at FROM accounts
WHERE kind = :kind AND asset = :asset ORDER BY stripe LIMIT :most;

-- name: amend_account :changed
-- arg id: u64
-- arg floor: amount
-- arg status: u64
-- arg now: i64
UPDATE accounts SET floor = :floor, status = :status, updated_at = :now WHERE id = :id;

-- name: update_accounts :each
-- What a batch of transfers leaves behind in accounts that it has locked; on SQLite their entries say it. A row that is changed counts twice,
-- and one that was not there once.
-- row Account
-- mysql:
INSERT INTO accounts (id, owner, kind, stripe, asset, balance, held, floor, version, status, created_at, updated_at)
VALUES (:id, :owner, :kind, :stripe, :asset, :balance, :held, :floor, :version, :status, :created_at, :updated_at)
ON DUPLICATE KEY UPDATE
    balance = VALUES(balance), held = VALUES(held), version = VALUES(version), updated_at = VALUES(updated_at);

-- name: accounts_after :many
-- All accounts, page by page.
-- arg after: u64
-- arg most: u64
-- row Account
-- sqlite:
SELECT id, owner, kind, stripe, asset, balance, held, floor, version, status, created_at, updated_at FROM account_states
WHERE id > :after ORDER BY id LIMIT :most;
-- mysql:
SELECT id, owner, kind, stripe, asset, balance, held, floor, version, status, created_at, updated_at FROM accounts
WHERE id > :after ORDER BY id LIMIT :most;
