-- Drops checkpoints: next attempts begin anew.
ALTER TABLE sluice.jobs DROP COLUMN checkpoint;
ALTER TABLE sluice.job_history DROP COLUMN checkpoint;
