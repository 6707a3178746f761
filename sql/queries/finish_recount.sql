-- Ends a recount, unless another was ended since it began.
UPDATE sluice.recounts AS r
SET generation = r.generation + 1, counted_at = sluice.now()
WHERE r.generation = %(generation)s
RETURNING r.generation
