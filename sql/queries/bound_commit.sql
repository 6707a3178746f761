-- How long each statement of this transaction may take, and wait for a lock, in milliseconds. Of the staged rows the
-- planner must know the number and little else: a sample of the usual size costs as much as their COPY.
SELECT
    set_config('statement_timeout', %(statement_ms)s, true),
    set_config('lock_timeout', %(lock_ms)s, true),
    set_config('default_statistics_target', '10', true)
