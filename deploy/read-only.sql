-- A role for analysts on PostgreSQL: it reads the views and nothing else, and a question of its own ends after a minute unless it
-- asks for longer itself. As the owner of the database, with a password of your own:
--     psql -v password=... -f deploy/read-only.sql "$WRAPUP_DATABASE_URL"
-- Again after an update that brings a view, and after a downgrade.
\set ON_ERROR_STOP on
SELECT format('CREATE ROLE wrapup_analyst LOGIN PASSWORD %L', :'password')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wrapup_analyst')
\gexec
ALTER ROLE wrapup_analyst CONNECTION LIMIT 10;
ALTER ROLE wrapup_analyst SET default_transaction_read_only = on;
ALTER ROLE wrapup_analyst SET statement_timeout = '60s';
-- A session that is left open in the middle of a transaction would keep old rows from being cleaned up.
ALTER ROLE wrapup_analyst SET idle_in_transaction_session_timeout = '5min';
GRANT USAGE ON SCHEMA public TO wrapup_analyst;
GRANT SELECT ON call_outcomes_v1, leads_v1, loads_v1 TO wrapup_analyst;
