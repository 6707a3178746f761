-- The roles stay: other databases of the cluster may use them.
DROP FUNCTION sluice.now();
DO $$
BEGIN
    IF obj_description(to_regnamespace('auth'), 'pg_namespace') = 'made by sluice' THEN
        DROP SCHEMA auth CASCADE;
    END IF;
END
$$;
REVOKE USAGE ON SCHEMA public FROM sluice_coordinator, authenticated;
REVOKE SELECT ON sluice.schema_migrations FROM sluice_coordinator;
REVOKE USAGE ON SCHEMA sluice FROM sluice_coordinator;
DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM sluice_coordinator', current_database());
END
$$;
