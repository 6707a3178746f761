-- Nothing is lost: the setting alone goes.
ALTER ROLE sluice_coordinator RESET plan_cache_mode;
