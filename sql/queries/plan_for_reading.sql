-- Room for hashing a person's names: with the usual 4 MB they are sorted on disk, which takes twice the time. No bitmaps,
-- which would read the table for what the index tells. Several processes share a large count where cores are idle: groups
-- cost less to hand over than the planner thinks.
SELECT
    set_config('work_mem', '32MB', true),
    set_config('enable_bitmapscan', 'off', true),
    set_config('parallel_tuple_cost', '0.005', true)
