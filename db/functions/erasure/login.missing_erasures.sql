-- Asked at every start of a program (private.missing_erasures).
create or replace function login.missing_erasures(erasure_ids uuid[], organizations text[])
returns uuid[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select private.missing_erasures(missing_erasures.erasure_ids, missing_erasures.organizations)
$$;
comment on function login.missing_erasures is 'In: erasures of the ledger outside the database, and beside each its organisation (slug). Out: those that the database does not know: it is an older backup, and must not be used.';
grant execute on function login.missing_erasures to auth_callback;
