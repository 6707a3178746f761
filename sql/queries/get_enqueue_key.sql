-- Reads what an idempotency key stands for.
SELECT request_hash, result_ids
FROM sluice.enqueue_keys
WHERE owner = %(owner)s AND key = %(key)s
