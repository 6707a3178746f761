-- Makes the days of history that are missing, from today to seven days ahead.
SELECT d::date AS day, sluice.create_history_partition(d::date) AS created
FROM generate_series(
    (sluice.now() AT TIME ZONE 'UTC')::date::timestamp, (sluice.now() AT TIME ZONE 'UTC')::date + interval '7 days', interval '1 day'
) AS d
