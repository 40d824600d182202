-- Webhooks, how far events were brought to them, and what became of the last ones.

-- name: insert_webhook :inserted
-- arg user_id: u64
-- arg url: text
-- arg description: text
-- arg events: u64
-- arg salt: bytes
-- arg kid: bytes
-- arg now: i64
INSERT INTO webhooks (user_id, url, description, events, status, salt, kid, created_at, updated_at)
VALUES (:user_id, :url, :description, :events, 1, :salt, :kid, :now, :now);

-- name: webhook :optional
-- arg id: u64
-- row Webhook: id u64, user_id u64, url text, description text, events u64, status u64, salt bytes, kid bytes, former_salt bytes null, former_until i64 null, failing_since i64 null, created_at i64, updated_at i64
SELECT id, user_id, url, description, events, status, salt, kid, former_salt, former_until, failing_since, created_at, updated_at
FROM webhooks WHERE id = :id;

-- name: webhooks_of :many
-- arg user_id: u64
-- row Webhook
SELECT id, user_id, url, description, events, status, salt, kid, former_salt, former_until, failing_since, created_at, updated_at
FROM webhooks WHERE user_id = :user_id ORDER BY id;

-- name: webhooks_after :many
-- All, page by page.
-- arg after: u64
-- arg most: u64
-- row Webhook
SELECT id, user_id, url, description, events, status, salt, kid, former_salt, former_until, failing_since, created_at, updated_at
FROM webhooks WHERE id > :after ORDER BY id LIMIT :most;

-- name: amend_webhook :changed
-- What is null stays. Enabled again, it begins without failures.
-- arg id: u64
-- arg url: text null
-- arg description: text null
-- arg events: u64 null
-- arg status: u64 null
-- arg now: i64
UPDATE webhooks
SET url = COALESCE(:url, url), description = COALESCE(:description, description), events = COALESCE(:events, events),
    failing_since = CASE WHEN :status = 1 THEN NULL ELSE failing_since END, status = COALESCE(:status, status), updated_at = :now
WHERE id = :id;

-- name: hurry_webhook_cursors :changed
-- Whatever failed is tried again at once, as if it were new.
-- arg webhook_id: u64
UPDATE webhook_cursors SET next_at = 0, attempts = 0 WHERE webhook_id = :webhook_id;

-- name: hold_webhook :optional
-- As it is, and stays until the transaction ends.
-- arg id: u64
-- row HeldWebhook: updated_at i64, failing_since i64 null
-- sqlite:
SELECT updated_at, failing_since FROM webhooks WHERE id = :id;
-- mysql:
SELECT updated_at, failing_since FROM webhooks WHERE id = :id FOR UPDATE;

-- name: renew_webhook :changed
-- Another salt takes the place of the one that is there, if it still is.
-- arg id: u64
-- arg old: bytes
-- arg salt: bytes
-- arg kid: bytes
-- arg former_salt: bytes null
-- arg former_until: i64 null
-- arg now: i64
UPDATE webhooks SET salt = :salt, kid = :kid, former_salt = :former_salt, former_until = :former_until, updated_at = :now
WHERE id = :id AND salt = :old;

-- name: fail_webhook :changed
-- arg id: u64
-- arg now: i64
UPDATE webhooks SET failing_since = :now WHERE id = :id AND failing_since IS NULL;

-- name: mend_webhook :changed
-- arg id: u64
UPDATE webhooks SET failing_since = NULL WHERE id = :id AND failing_since IS NOT NULL;

-- name: stop_webhook :changed
-- arg id: u64
-- arg status: u64
-- arg now: i64
UPDATE webhooks SET status = :status, updated_at = :now WHERE id = :id AND status = 1;

-- name: delete_webhook :changed
-- arg id: u64
DELETE FROM webhooks WHERE id = :id;

-- name: delete_webhook_cursors :changed
-- arg id: u64
DELETE FROM webhook_cursors WHERE webhook_id = :id;

-- name: delete_webhook_deliveries :changed
-- arg id: u64
DELETE FROM webhook_deliveries WHERE webhook_id = :id;

-- name: delete_webhook_letters :changed
-- arg id: u64
DELETE FROM webhook_dead_letters WHERE webhook_id = :id;

-- name: account_heads :many
-- A user's accounts with the numbers of their newest entries; those without one are left out.
-- arg user_id: u64
-- row AccountHead: account_id u64, seq u64
SELECT a.id AS account_id, MAX(e.seq) AS seq FROM accounts a JOIN entries e ON e.account_id = a.id WHERE a.owner = :user_id GROUP BY a.id;

-- name: insert_webhook_cursors :each
-- row NewWebhookCursor: webhook_id u64, account_id u64, seq u64
INSERT INTO webhook_cursors (webhook_id, account_id, seq, attempts, next_at, lease, lease_until)
VALUES (:webhook_id, :account_id, :seq, 0, 0, 0, 0);

-- name: webhook_ids :many
-- Those from `first` on, whatever there is to do for them: so many and no more are looked at in one statement.
-- arg first: u64
-- arg most: u64
-- row WebhookNumber: id u64
SELECT id FROM webhooks WHERE id >= :first ORDER BY id LIMIT :most;

-- name: due_webhooks :many
-- Accounts that have more entries than were brought to a webhook, where nobody is at work and nothing is waited for. `last` is the newest entry. Of the
-- first webhook only accounts after `account_id`.
-- arg kid: bytes
-- arg now: i64
-- arg webhook_id: u64
-- arg account_id: u64
-- arg last_id: u64
-- arg most: u64
-- row DueWebhook: webhook_id u64, user_id u64, account_id u64, last u64
SELECT w.id AS webhook_id, w.user_id, a.id AS account_id, (SELECT MAX(n.seq) FROM entries n WHERE n.account_id = a.id) AS last
FROM webhooks w
JOIN accounts a ON a.owner = w.user_id
LEFT JOIN webhook_cursors c ON c.webhook_id = w.id AND c.account_id = a.id
WHERE w.id >= :webhook_id AND w.id <= :last_id AND (w.id > :webhook_id OR a.id > :account_id) AND w.status = 1 AND w.kid = :kid
    AND COALESCE(c.lease_until, 0) <= :now AND COALESCE(c.next_at, 0) <= :now
    AND EXISTS (SELECT 1 FROM entries e WHERE e.account_id = a.id
        AND e.seq > COALESCE(CASE WHEN c.rewind_to < c.seq THEN c.rewind_to ELSE c.seq END, 0))
ORDER BY w.id, a.id LIMIT :most;

-- name: begin_webhook_cursor :changed
-- The cursor of an account that has none, if its webhook is there.
-- arg webhook_id: u64
-- arg account_id: u64
-- sqlite:
INSERT INTO webhook_cursors (webhook_id, account_id, seq, attempts, next_at, lease, lease_until)
SELECT id, :account_id, 0, 0, 0, 0, 0 FROM webhooks WHERE id = :webhook_id ON CONFLICT (webhook_id, account_id) DO NOTHING;
-- mysql:
INSERT INTO webhook_cursors (webhook_id, account_id, seq, attempts, next_at, lease, lease_until)
SELECT id, :account_id, 0, 0, 0, 0, 0 FROM webhooks WHERE id = :webhook_id ON DUPLICATE KEY UPDATE webhook_cursors.seq = webhook_cursors.seq;

-- name: claim_webhook_cursor :changed
-- For whoever sets to work: of several, one. A rewind that was asked for is in effect with it.
-- arg webhook_id: u64
-- arg account_id: u64
-- arg lease: u64
-- arg until: i64
-- arg now: i64
UPDATE webhook_cursors
SET seq = CASE WHEN rewind_to < seq THEN rewind_to ELSE seq END, attempts = CASE WHEN rewind_to IS NULL THEN attempts ELSE 0 END, rewind_to = NULL,
    lease = :lease, lease_until = :until
WHERE webhook_id = :webhook_id AND account_id = :account_id AND lease_until <= :now AND next_at <= :now;

-- name: webhook_cursor :optional
-- arg webhook_id: u64
-- arg account_id: u64
-- row WebhookCursor: seq u64, attempts u64, lease u64
SELECT seq, attempts, lease FROM webhook_cursors WHERE webhook_id = :webhook_id AND account_id = :account_id;

-- name: settle_webhook_cursor :changed
-- How far whoever holds the lease has come, who gives it back.
-- arg webhook_id: u64
-- arg account_id: u64
-- arg lease: u64
-- arg seq: u64
-- arg attempts: u64
-- arg next_at: i64
UPDATE webhook_cursors
SET seq = :seq, attempts = :attempts, next_at = CASE WHEN rewind_to IS NULL THEN :next_at ELSE 0 END, lease = 0, lease_until = 0
WHERE webhook_id = :webhook_id AND account_id = :account_id AND lease = :lease;

-- name: rewind_webhook_cursor :changed
-- Never less far back than was asked for before. It counts once nobody is at work, where it is further back than they have come.
-- arg webhook_id: u64
-- arg account_id: u64
-- arg seq: u64
UPDATE webhook_cursors
SET rewind_to = CASE WHEN rewind_to < :seq THEN rewind_to ELSE :seq END, next_at = 0
WHERE webhook_id = :webhook_id AND account_id = :account_id;

-- name: put_webhook_deliveries :each
-- Of events that share a slot the last one stays.
-- row WebhookDelivery: webhook_id u64, account_id u64, slot u64, seq u64, event text, attempt u64, status u64, answered u64 null, detail text, took_ms u64, next_at i64 null, created_at i64
-- sqlite:
INSERT INTO webhook_deliveries (webhook_id, account_id, slot, seq, event, attempt, status, answered, detail, took_ms, next_at, created_at)
VALUES (:webhook_id, :account_id, :slot, :seq, :event, :attempt, :status, :answered, :detail, :took_ms, :next_at, :created_at)
ON CONFLICT (webhook_id, account_id, slot) DO UPDATE SET
    seq = excluded.seq, event = excluded.event, attempt = excluded.attempt, status = excluded.status, answered = excluded.answered,
    detail = excluded.detail, took_ms = excluded.took_ms, next_at = excluded.next_at, created_at = excluded.created_at;
-- mysql:
INSERT INTO webhook_deliveries (webhook_id, account_id, slot, seq, event, attempt, status, answered, detail, took_ms, next_at, created_at)
VALUES (:webhook_id, :account_id, :slot, :seq, :event, :attempt, :status, :answered, :detail, :took_ms, :next_at, :created_at)
ON DUPLICATE KEY UPDATE
    seq = VALUES(seq), event = VALUES(event), attempt = VALUES(attempt), status = VALUES(status), answered = VALUES(answered),
    detail = VALUES(detail), took_ms = VALUES(took_ms), next_at = VALUES(next_at), created_at = VALUES(created_at);

-- name: webhook_deliveries :many
-- Newest first.
-- arg webhook_id: u64
-- arg most: u64
-- row WebhookDelivery
SELECT webhook_id, account_id, slot, seq, event, attempt, status, answered, detail, took_ms, next_at, created_at
FROM webhook_deliveries WHERE webhook_id = :webhook_id ORDER BY created_at DESC, account_id DESC, seq DESC LIMIT :most;

-- name: put_dead_letters :each
-- row DeadLetter: webhook_id u64, account_id u64, seq u64, event text, attempts u64, detail text, queued u64, died_at i64
-- sqlite:
INSERT INTO webhook_dead_letters (webhook_id, account_id, seq, event, attempts, detail, queued, lease, lease_until, died_at)
VALUES (:webhook_id, :account_id, :seq, :event, :attempts, :detail, :queued, 0, 0, :died_at)
ON CONFLICT (webhook_id, account_id, seq) DO UPDATE SET
    attempts = webhook_dead_letters.attempts + excluded.attempts, detail = excluded.detail, queued = excluded.queued, died_at = excluded.died_at;
-- mysql:
INSERT INTO webhook_dead_letters (webhook_id, account_id, seq, event, attempts, detail, queued, lease, lease_until, died_at)
VALUES (:webhook_id, :account_id, :seq, :event, :attempts, :detail, :queued, 0, 0, :died_at)
ON DUPLICATE KEY UPDATE
    attempts = attempts + VALUES(attempts), detail = VALUES(detail), queued = VALUES(queued), died_at = VALUES(died_at);

-- name: dead_letters :many
-- Those of a webhook after a place, in the order of their accounts and numbers.
-- arg webhook_id: u64
-- arg account_id: u64
-- arg seq: u64
-- arg most: u64
-- row DeadLetter
SELECT webhook_id, account_id, seq, event, attempts, detail, queued, died_at FROM webhook_dead_letters
WHERE webhook_id = :webhook_id AND (account_id > :account_id OR (account_id = :account_id AND seq > :seq)) ORDER BY account_id, seq LIMIT :most;

-- name: queue_dead_letters :changed
-- arg webhook_id: u64
UPDATE webhook_dead_letters SET queued = 1 WHERE webhook_id = :webhook_id AND queued = 0;

-- name: queue_dead_letters_of :changed
-- The same of one account.
-- arg webhook_id: u64
-- arg account_id: u64
UPDATE webhook_dead_letters SET queued = 1 WHERE webhook_id = :webhook_id AND account_id = :account_id AND queued = 0;

-- name: queued_dead_letters :many
-- Those after a place that are to be tried once more, where nobody is at work.
-- arg kid: bytes
-- arg now: i64
-- arg webhook_id: u64
-- arg account_id: u64
-- arg seq: u64
-- arg most: u64
-- row QueuedLetter: webhook_id u64, user_id u64, account_id u64, seq u64
SELECT d.webhook_id, w.user_id, d.account_id, d.seq FROM webhook_dead_letters d JOIN webhooks w ON w.id = d.webhook_id
WHERE d.queued = 1 AND d.lease_until <= :now AND w.status = 1 AND w.kid = :kid AND d.webhook_id >= :webhook_id
    AND (d.webhook_id > :webhook_id OR d.account_id > :account_id OR (d.account_id = :account_id AND d.seq > :seq))
ORDER BY d.webhook_id, d.account_id, d.seq LIMIT :most;

-- name: claim_dead_letter :changed
-- arg webhook_id: u64
-- arg account_id: u64
-- arg seq: u64
-- arg lease: u64
-- arg until: i64
-- arg now: i64
UPDATE webhook_dead_letters SET lease = :lease, lease_until = :until
WHERE webhook_id = :webhook_id AND account_id = :account_id AND seq = :seq AND queued = 1 AND lease_until <= :now;

-- name: dead_letter_lease :optional
-- arg webhook_id: u64
-- arg account_id: u64
-- arg seq: u64
-- row LetterLease: lease u64
SELECT lease FROM webhook_dead_letters WHERE webhook_id = :webhook_id AND account_id = :account_id AND seq = :seq;

-- name: keep_dead_letter :changed
-- It failed once more.
-- arg webhook_id: u64
-- arg account_id: u64
-- arg seq: u64
-- arg lease: u64
-- arg detail: text
-- arg now: i64
UPDATE webhook_dead_letters SET attempts = attempts + 1, detail = :detail, queued = 0, lease = 0, lease_until = 0, died_at = :now
WHERE webhook_id = :webhook_id AND account_id = :account_id AND seq = :seq AND lease = :lease;

-- name: drop_dead_letter :changed
-- arg webhook_id: u64
-- arg account_id: u64
-- arg seq: u64
-- arg lease: u64
DELETE FROM webhook_dead_letters WHERE webhook_id = :webhook_id AND account_id = :account_id AND seq = :seq AND lease = :lease;

-- name: drop_dead_letters :changed
-- Those that were brought after all.
-- arg webhook_id: u64
-- arg account_id: u64
-- arg seqs: u64 list
DELETE FROM webhook_dead_letters WHERE webhook_id = :webhook_id AND account_id = :account_id AND seq IN (:seqs);

-- name: webhook_backlogs :many
-- How many entries each of `ids` is behind; those of users without accounts are left out.
-- arg ids: u64 list
-- row WebhookBacklog: webhook_id u64, waiting i64
-- sqlite:
SELECT w.id AS webhook_id,
    SUM(MAX(COALESCE((SELECT MAX(e.seq) FROM entries e WHERE e.account_id = a.id), 0)
        - COALESCE(CASE WHEN c.rewind_to < c.seq THEN c.rewind_to ELSE c.seq END, 0), 0)) AS waiting
FROM webhooks w JOIN accounts a ON a.owner = w.user_id LEFT JOIN webhook_cursors c ON c.webhook_id = w.id AND c.account_id = a.id
WHERE w.id IN (:ids) GROUP BY w.id;
-- mysql:
SELECT w.id AS webhook_id,
    CAST(SUM(GREATEST(COALESCE((SELECT MAX(e.seq) FROM entries e WHERE e.account_id = a.id), 0)
        - COALESCE(CASE WHEN c.rewind_to < c.seq THEN c.rewind_to ELSE c.seq END, 0), 0)) AS SIGNED) AS waiting
FROM webhooks w JOIN accounts a ON a.owner = w.user_id LEFT JOIN webhook_cursors c ON c.webhook_id = w.id AND c.account_id = a.id
WHERE w.id IN (:ids) GROUP BY w.id;

-- name: dead_letter_counts :many
-- arg ids: u64 list
-- row DeadLetterCount: webhook_id u64, letters i64
SELECT webhook_id, COUNT(seq) AS letters FROM webhook_dead_letters WHERE webhook_id IN (:ids) GROUP BY webhook_id;
