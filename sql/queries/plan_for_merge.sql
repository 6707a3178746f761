-- For the merge of many rows ('on'): hashes, never a loop, which statistics that lag behind would choose. Afterwards
-- ('off') the role's own settings again, which hold the plans of what is said to the queue.
SELECT
    set_config('enable_hashjoin', %(merging)s, true),
    set_config('enable_mergejoin', %(merging)s, true),
    set_config('enable_seqscan', %(merging)s, true),
    set_config('enable_nestloop', CASE %(merging)s WHEN 'on' THEN 'off' ELSE 'on' END, true)
