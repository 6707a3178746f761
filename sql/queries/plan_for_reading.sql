-- Room for hashing a person's names: with the usual 4 MB they are sorted on disk, which takes twice the time.
SELECT set_config('work_mem', '32MB', true)
