-- Reads every queue's virtual times, when a coordinator starts.
SELECT c.queue, c.priority, c.virtual_time
FROM sluice.queue_clocks AS c
