-- Has the rest of the transaction read its tables in the order of an index, from where it is told to and no further: statistics
-- that take a crowded table for a small one would have it gather all rows and sort them.
SELECT set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true)
