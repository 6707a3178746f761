-- How long each statement of this transaction may take, and wait for a lock, in milliseconds. Live jobs, history and lanes
-- have no index on the person, for people are forgotten rarely: they are read from end to end, which the role's own
-- settings would do by way of an index.
SELECT
    set_config('statement_timeout', %(statement_ms)s, true),
    set_config('lock_timeout', %(lock_ms)s, true),
    set_config('enable_seqscan', 'on', true)
