-- Drops one day of history; gives up after 100 ms where a reader holds it.
SELECT sluice.drop_history_partition(%(day)s::date)
