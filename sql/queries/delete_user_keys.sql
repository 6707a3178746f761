-- Forget: a person's idempotency keys. Index: primary key of enqueue_keys.
DELETE FROM sluice.enqueue_keys AS k
WHERE k.owner = %(owner)s
