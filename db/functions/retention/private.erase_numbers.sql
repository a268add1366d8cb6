-- The organisation has decided how long observed numbers are kept. The member record has its own; what is erased here is the
-- trace of each login. The outcome stays. As in private.erase_contacts.
create or replace function private.erase_numbers(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due constant uuid[] := array(
    select due.id from registry.organizations as g
    cross join lateral (
      select o.id from registry.observations as o
      where o.organization_id = g.id and o.personnummer_index is not null and o.settled_at is not null and o.received_at < now() - g.retention
        and not private.is_evidence(o.id)
      order by o.received_at limit p_most for update skip locked) as due
    limit p_most);
begin
  update registry.observations as o
  set personnummer_index = null, personnummer_index_previous = '{}', personnummer_sealed = null, personnummer_masked = null,
      number_erased_at = clock_timestamp()
  where o.id = any (v_due);
  return cardinality(v_due);
end
$$;
comment on function private.erase_numbers is 'In: how many at most. Out: how many observations lost every form of the number, because the organisation''s time for it is over.';
