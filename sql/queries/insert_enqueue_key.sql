-- Takes an idempotency key for a request; no row where the key is taken already.
-- Waits for a transaction that is taking the same key.
INSERT INTO sluice.enqueue_keys (owner, key, request_hash, result_ids)
VALUES (%(owner)s, %(key)s, %(request_hash)s, %(result_ids)s::uuid[])
ON CONFLICT (owner, key) DO NOTHING
RETURNING key
