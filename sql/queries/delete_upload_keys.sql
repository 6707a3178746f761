-- Forgets the idempotency keys that gave back an upload: a repeat of their request begins anew. Index: enqueue_keys' key.
DELETE FROM sluice.enqueue_keys AS k
WHERE k.owner = %(owner)s AND k.result_ids[1] = %(upload_id)s
