-- Takes idempotency keys for the results of new requests, in one statement; gives those that were free.
-- A key that another transaction takes at this moment is waited for, in one order.
INSERT INTO sluice.enqueue_keys (owner, key, request_hash, result_ids)
SELECT n.owner, n.key, n.request_hash, n.result_ids::uuid[]
FROM unnest(%(owners)s::text[], %(keys)s::text[], %(request_hashes)s::bytea[], %(results)s::text[])
    AS n (owner, key, request_hash, result_ids)
ORDER BY n.owner COLLATE "C", n.key COLLATE "C"
ON CONFLICT (owner, key) DO NOTHING
RETURNING owner, key
