-- A setting of the role; older code keeps working. No statement runs by a plan that was made when a table was small.
-- A plan for any parameters is kept until the next ANALYZE: made on an empty queue, it reads all of a full one. Planning
-- each call for what is there now costs less than can be measured beside the call.
ALTER ROLE sluice_coordinator SET plan_cache_mode = force_custom_plan;
