-- Reap, first half: ends the sessions that have fallen silent. A coordinator that has been patient for a while (not null)
-- spares those that were renewed before, for their own could not renew them, but for those that it saw end by itself.
-- Conditional, so that one renewed or resumed in between stays. Index: worker_sessions_unsettled.
UPDATE sluice.worker_sessions AS s
SET open = false, closed_at = sluice.now()
WHERE NOT s.settled AND s.open AND s.expires_at <= sluice.now() AND (
    %(patient_ms)s::bigint IS NULL
    OR s.id = ANY (%(session_ids)s::bigint[])
    OR s.expires_at - s.lease_ms * interval '1 millisecond' >= sluice.now() - %(patient_ms)s::bigint * interval '1 millisecond'
)
