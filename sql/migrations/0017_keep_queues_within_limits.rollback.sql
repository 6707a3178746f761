-- Lets all in that is kept back, and drops what holds queues to their limits; the limits themselves stay.
DROP FUNCTION sluice.rate_tokens(sluice.queues);
UPDATE sluice.jobs SET position = kept_position, kept_position = NULL WHERE kept_position IS NOT NULL;
DROP INDEX sluice.jobs_slots, sluice.jobs_kept, sluice.jobs_scheduled;
ALTER TABLE sluice.jobs
    DROP CONSTRAINT jobs_slot, DROP CONSTRAINT jobs_kept_position, DROP CONSTRAINT jobs_position,
    ADD CONSTRAINT jobs_position CHECK ((position IS NULL) = (state = 'scheduled')),
    DROP COLUMN slot, DROP COLUMN kept_position;
ALTER TABLE sluice.queues
    DROP COLUMN guarded, DROP COLUMN guards, DROP COLUMN counted, DROP COLUMN keeps_back, DROP COLUMN rate_tokens,
    DROP COLUMN rate_at;
