-- Unfinished jobs of a queue that fit a filter, at most so many: those that are next first, then those whose lane
-- is full, then those that wait for their time. Index: jobs_claim, jobs_kept, jobs_due; jobs_owner where an owner is given, whose oldest come first.
(
    SELECT j.id
    FROM sluice.jobs AS j
    WHERE %(owner)s::text IS NULL AND j.queue = %(queue)s AND j.position IS NOT NULL
        AND (%(kind)s::text IS NULL OR j.kind = %(kind)s) AND (%(lane)s::text IS NULL OR j.lane = %(lane)s)
    ORDER BY j.queue, j.kind, j.priority, j.position
    LIMIT %(most)s
)
UNION ALL
(
    SELECT j.id
    FROM sluice.jobs AS j
    WHERE %(owner)s::text IS NULL AND j.queue = %(queue)s AND j.kept_position IS NOT NULL
        AND (%(kind)s::text IS NULL OR j.kind = %(kind)s) AND (%(lane)s::text IS NULL OR j.lane = %(lane)s)
    ORDER BY j.lane, j.kind, j.priority, j.kept_position
    LIMIT %(most)s
)
UNION ALL
(
    SELECT j.id
    FROM sluice.jobs AS j
    WHERE %(owner)s::text IS NULL AND j.queue = %(queue)s AND j.run_at IS NOT NULL
        AND (%(kind)s::text IS NULL OR j.kind = %(kind)s) AND (%(lane)s::text IS NULL OR j.lane = %(lane)s)
    ORDER BY j.run_at
    LIMIT %(most)s
)
UNION ALL
(
    SELECT j.id
    FROM sluice.jobs AS j
    WHERE j.owner COLLATE "C" = %(owner)s::text AND j.queue = %(queue)s
        AND (%(kind)s::text IS NULL OR j.kind = %(kind)s) AND (%(lane)s::text IS NULL OR j.lane = %(lane)s)
    ORDER BY uuid_send(j.id)
    LIMIT %(most)s
)
LIMIT %(most)s
