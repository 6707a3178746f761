-- One commit of a person at a time, to the end of the transaction. A statement of its own: the snapshot of a
-- statement is older than a lock taken inside it, and rows would come in twice.
-- Locks: the user, before anything else.
SELECT pg_advisory_xact_lock(uuid_hash_extended(%(user_id)s::uuid, 0))
