-- What logins brought by consent goes with it, also where a case is about it: without its number there is nothing left to decide there
-- (private.is_obsolete).
create or replace function private.forget_withdrawn_numbers(m registry.members, p_providers registry.provider[])
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  update registry.observations as o
  set personnummer_index = null, personnummer_index_previous = '{}', personnummer_sealed = null, personnummer_masked = null,
      number_erased_at = clock_timestamp()
  where o.organization_id = m.organization_id and o.member_id = m.id and o.personnummer_index is not null and o.settled_at is not null
    and o.provider = any (p_providers)
    and exists (select from registry.consents as c where c.member_id = m.id and c.provider = o.provider and c.state = 'withdrawn')
$$;
comment on function private.forget_withdrawn_numbers is 'In: a locked member, the providers whose consent was withdrawn. Erases the numbers that their logins brought by consent.';
