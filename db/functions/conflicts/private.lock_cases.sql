-- Everything that decisions about cases may touch, locked in the common order (logins, numbers, members, cases; several of a kind in an order
-- of their own), so that neither a member who logs in at the same moment nor a colleague can come between, and nobody waits in a circle.
-- Undoing a merge asks again about other people too (private.reopen_superseded), whose numbers must hold still meanwhile. A case the caller
-- may not see is as good as none.
create or replace function private.lock_cases(p_conflict_ids uuid[])
returns setof registry.conflicts
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids constant uuid[] := array(
    select c.id from registry.conflicts as c
    where c.id = any (p_conflict_ids) and c.organization_id = any (private.coordinator_organizations()));
begin
  perform private.lock_login(login.observation_id) from (
    select min(o.id::text)::uuid as observation_id from registry.conflicts as c join registry.observations as o on o.id = c.observation_id
    where c.id = any (v_ids) group by o.organization_id, o.issuer, o.subject order by o.organization_id, o.issuer, o.subject) as login;
  perform private.lock_number(brought.organization_id, brought.masked) from (
    select c.organization_id, o.personnummer_masked from registry.conflicts as c join registry.observations as o on o.id = c.observation_id
    where c.id = any (v_ids) and o.personnummer_masked is not null
    union
    select c.organization_id, n.personnummer_masked from registry.conflicts as c join registry.offered_numbers as n on n.conflict_id = c.id
    where c.id = any (v_ids) and c.observation_id is null
    order by 1, 2
  ) as brought(organization_id, masked);
  perform from registry.members as m
  where m.id in (
    select unnest(asked.candidates || array[asked.member_id, asked.other_member_id, (asked.proposal).member_id]
      || case when asked.kind = 'erasure' then private.family_of(asked.member_id) end)
    from registry.conflicts as asked where asked.id = any (v_ids || array(
      select unnest((r.before).superseded) from registry.resolutions as r where r.conflict_id = any (v_ids) and r.undone_at is null)))
  order by m.id for no key update;
  return query select c.* from registry.conflicts as c where c.id = any (v_ids) order by c.id for update;
end
$$;
comment on function private.lock_cases is 'In: ids of cases. Out: those that the caller may see, as they are once everything they concern is locked.';
