-- Whether a time is at least an hour ago.
SELECT %(finished_before)s::timestamptz <= sluice.now() - interval '1 hour' AS late_enough
