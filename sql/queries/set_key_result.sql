-- Corrects what an idempotency key stands for, where a unique key gave an older job.
UPDATE sluice.enqueue_keys AS k
SET result_ids = %(result_ids)s::uuid[]
WHERE k.owner = %(owner)s AND k.key = %(key)s
