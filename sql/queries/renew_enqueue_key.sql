-- Gives an idempotency key to a new result where the first is no more; nothing where another has done so meanwhile.
UPDATE sluice.enqueue_keys AS k
SET result_ids = %(result_ids)s::uuid[], created_at = sluice.now()
WHERE k.owner = %(owner)s AND k.key = %(key)s AND k.result_ids = %(former_ids)s::uuid[]
