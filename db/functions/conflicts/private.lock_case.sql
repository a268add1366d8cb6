-- Everything a decision about a case may touch, locked in the common order (login, number, members, case), so that a member who
-- logs in at the same moment cannot come between. Undoing a merge asks again about other people too (private.reopen_superseded), whose
-- numbers must hold still meanwhile. A case the caller may not see is as good as none.
create or replace function private.lock_case(p_conflict_id uuid)
returns registry.conflicts
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts;
begin
  select known.* into c from registry.conflicts as known
  where known.id = p_conflict_id and known.organization_id = any (private.coordinator_organizations());
  if c.id is not null then
    perform private.lock_login(c.observation_id);
    perform private.lock_number(c.organization_id, brought.masked) from (
      select o.personnummer_masked from registry.observations as o where o.id = c.observation_id
      union all
      select n.personnummer_masked from registry.offered_numbers as n where n.conflict_id = c.id and c.observation_id is null
    ) as brought(masked) where brought.masked is not null;
    perform from registry.members as m
    where m.id = any (c.candidates || array[c.member_id, c.other_member_id] || array(
      select unnest(asked.candidates || array[asked.member_id, asked.other_member_id]) from registry.resolutions as r
      cross join unnest((r.before).superseded) as closed(id)
      join registry.conflicts as asked on asked.id = closed.id
      where r.conflict_id = c.id and r.undone_at is null))
    order by m.id for no key update;
    select known.* into c from registry.conflicts as known where known.id = p_conflict_id for update;
  end if;
  return c;
end
$$;
comment on function private.lock_case is 'In: id of a case. Out: the case as it is once everything it concerns is locked; null when the caller may not see it.';
