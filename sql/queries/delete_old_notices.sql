-- Forgets word that nobody took: its worker's session is over. At most 1,000 at a time.
DELETE FROM sluice.lease_notices AS n
WHERE n.ctid = ANY (ARRAY(
    SELECT o.ctid
    FROM sluice.lease_notices AS o
    WHERE o.created_at < sluice.now() - interval '1 hour'
    LIMIT 1000
))
