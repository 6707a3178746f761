-- New database; no older code. Roles and the small part of Supabase that the policies lean on, where it is missing.
-- Roles belong to the whole cluster: one that is there already is kept as it is.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'anon') THEN
        CREATE ROLE anon NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'authenticated') THEN
        CREATE ROLE authenticated NOLOGIN;
    END IF;
    -- The operator gives it a password: ALTER ROLE sluice_coordinator LOGIN PASSWORD '…'.
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'sluice_coordinator') THEN
        CREATE ROLE sluice_coordinator NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'auth') THEN
        CREATE SCHEMA auth;
        CREATE FUNCTION auth.uid() RETURNS uuid
        LANGUAGE sql STABLE
        AS 'SELECT nullif(nullif(current_setting(''request.jwt.claims'', true), '''')::json ->> ''sub'', '''')::uuid';
        COMMENT ON SCHEMA auth IS 'made by sluice';
        GRANT USAGE ON SCHEMA auth TO anon, authenticated, sluice_coordinator;
    END IF;
END
$$;

-- By ALTER ROLE, since a transaction pooler forbids SET. The planner settings hold the plans of queue statements
-- while statistics lag behind a queue: never analysed, a completion would fall into a sequential scan.
ALTER ROLE sluice_coordinator SET statement_timeout = '30s';
ALTER ROLE sluice_coordinator SET lock_timeout = '5s';
ALTER ROLE sluice_coordinator SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE sluice_coordinator SET synchronous_commit = 'on';
ALTER ROLE sluice_coordinator SET enable_hashjoin = off;
ALTER ROLE sluice_coordinator SET enable_mergejoin = off;
ALTER ROLE sluice_coordinator SET enable_seqscan = off;
ALTER ROLE sluice_coordinator SET jit = off;
ALTER ROLE sluice_coordinator SET timezone = 'UTC';

-- Rows of a file are staged in a temporary table. PUBLIC may make them unless somebody took that away.
DO $$
BEGIN
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO sluice_coordinator', current_database());
END
$$;

REVOKE ALL ON SCHEMA sluice FROM PUBLIC;
GRANT USAGE ON SCHEMA sluice TO sluice_coordinator;
GRANT USAGE ON SCHEMA public TO sluice_coordinator, authenticated;
GRANT SELECT ON sluice.schema_migrations TO sluice_coordinator;

CREATE FUNCTION sluice.now() RETURNS timestamptz
LANGUAGE sql STABLE
AS 'SELECT pg_catalog.now()';
COMMENT ON FUNCTION sluice.now() IS 'The only clock. Tests replace it to push time forward.';
REVOKE ALL ON FUNCTION sluice.now() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sluice.now() TO sluice_coordinator;
