-- Whether tomorrow's completions have a place to go: readiness depends on it.
SELECT to_regclass(
    'sluice.job_history_' || to_char((sluice.now() AT TIME ZONE 'UTC')::date + 1, 'YYYYMMDD')
) IS NOT NULL AS ready
