-- New columns; older code keeps working. Where an attempt left off, for the next one; of history, failed jobs alone have it.
ALTER TABLE sluice.jobs ADD COLUMN checkpoint bytea;
ALTER TABLE sluice.job_history ADD COLUMN checkpoint bytea;
