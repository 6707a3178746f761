-- What was leased before its queue was guarded and has no slot yet. Reads every live job, once when a queue is guarded anew:
-- no index tells what is leased, or claims would have to write it.
SELECT j.id
FROM sluice.jobs AS j
WHERE j.state = 'processing' AND j.queue = %(queue)s AND j.slot IS NULL
