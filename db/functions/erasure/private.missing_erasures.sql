-- A restored backup is held to the ledger outside the database. An erasure that is announced here is known: the worker carries it out. Persons of an
-- organisation that is not here are not here either.
create or replace function private.missing_erasures(p_erasure_ids uuid[], p_organizations text[])
returns uuid[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select l.erasure_id from unnest(p_erasure_ids, p_organizations) as l(erasure_id, organization)
    where exists (select from registry.organizations as g where g.slug = l.organization)
      and not exists (select from audit.erasures as e where e.id = l.erasure_id))
$$;
comment on function private.missing_erasures is 'In: erasures of the ledger, and beside each its organisation (slug). Out: those that this database does not know.';
