-- Rates, and conversions at them. All rows are written once.

-- name: insert_rate :inserted
-- arg from_asset: asset
-- arg to_asset: asset
-- arg numerator: amount
-- arg denominator: amount
-- arg spread: u64
-- arg actor: u64
-- arg now: i64
INSERT INTO rates (from_asset, to_asset, numerator, denominator, spread, actor, created_at)
VALUES (:from_asset, :to_asset, :numerator, :denominator, :spread, :actor, :now);

-- name: rate :optional
-- The one of a pair that holds.
-- arg from_asset: asset
-- arg to_asset: asset
-- row Rate: from_asset asset, to_asset asset, numerator amount, denominator amount, spread u64, actor u64, created_at i64
SELECT from_asset, to_asset, numerator, denominator, spread, actor, created_at FROM rates
WHERE from_asset = :from_asset AND to_asset = :to_asset ORDER BY id DESC LIMIT 1;

-- name: rates :many
-- The one of every pair that holds.
-- row Rate
SELECT from_asset, to_asset, numerator, denominator, spread, actor, created_at FROM rates
WHERE id IN (SELECT MAX(newest.id) FROM rates newest GROUP BY newest.from_asset, newest.to_asset)
ORDER BY from_asset, to_asset;

-- name: insert_conversions :each
-- row Conversion: id uuid, bought_by uuid, user_id u64, from_asset asset, to_asset asset, sold amount, bought amount, numerator amount, denominator amount, created_at i64
INSERT INTO conversions (id, bought_by, user_id, from_asset, to_asset, sold, bought, numerator, denominator, created_at)
VALUES (:id, :bought_by, :user_id, :from_asset, :to_asset, :sold, :bought, :numerator, :denominator, :created_at);

-- name: conversion :optional
-- arg id: uuid
-- row Conversion
SELECT id, bought_by, user_id, from_asset, to_asset, sold, bought, numerator, denominator, created_at FROM conversions
WHERE id = :id;

-- name: conversions_after :many
-- All that are not older than `since`, page by page; the first page is after no bytes at all.
-- arg after: bytes
-- arg since: i64
-- arg most: u64
-- row Conversion
SELECT id, bought_by, user_id, from_asset, to_asset, sold, bought, numerator, denominator, created_at FROM conversions
WHERE id > :after AND created_at >= :since ORDER BY id LIMIT :most;
