-- The same numbers under another key: nothing here counts as a change of a number, so nothing is pushed and no case opens. A row that has
-- changed since it was read, or that somebody holds at this moment, is left for the next round; so is a number that another record of the
-- organisation has under the new key already, which is a duplicate and nothing that a key can settle.
create or replace function worker.renew_numbers(place text, renewals jsonb)
returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_renewed integer := 0;
  v record;
  v_number registry.number;
  v_cases uuid[];
  v_members uuid[];
  v_organizations uuid[] := array[]::uuid[];
  v_organization uuid;
begin
  for v in
    select r.* from jsonb_to_recordset(renew_numbers.renewals) as r(id uuid, nth integer, old_index text, index text, sealed text)
    order by r.id, r.nth
  loop
    v_organization := null;
    case renew_numbers.place
      when 'members' then
        continue when not private.free_members(array[v.id]);
        v_number := private.recorded_number(v.id);
        continue when v_number.index is distinct from v.old_index;
        select m.organization_id into v_organization from registry.members as m
        where m.id = v.id and not exists (
          select from registry.members as other
          where other.organization_id = m.organization_id and other.personnummer_index = v.index and other.id <> m.id);
        continue when not found;
        v_number.index := v.index;
        v_number.sealed := v.sealed;
        perform private.write_numbers(array[v.id], array[v_number]);
        update sync.pushes as p set personnummer_index = v.index
        where v.index <> v.old_index and p.organization_id = v_organization and p.member_id = v.id and p.personnummer_index = v.old_index;
      when 'observations' then
        select coalesce(array_agg(c.id), '{}'), array[o.member_id] || coalesce(array_agg(concerned.id), '{}') into v_cases, v_members
        from registry.observations as o
        left join registry.conflicts as c on c.organization_id = o.organization_id and c.personnummer_index = v.old_index
          and (c.member_id = o.member_id or c.observation_id = o.id)
        left join lateral unnest(c.candidates || c.member_id || c.other_member_id) as concerned(id) on true
        where o.id = v.id group by o.id;
        continue when not found or not private.free_members(v_members);
        update registry.observations as o
        set personnummer_index = v.index, personnummer_sealed = v.sealed, personnummer_index_previous = case
          when v.index = v.old_index then o.personnummer_index_previous
          else v.old_index || array_remove(array_remove(o.personnummer_index_previous, v.index), v.old_index) end
        where o.id = v.id and o.personnummer_index = v.old_index
        returning o.organization_id into v_organization;
        continue when not found;
        perform private.renew_case_numbers(v_cases, v.old_index, v.index) where v.index <> v.old_index;
      when 'offered_numbers' then
        select c.candidates || c.member_id || c.other_member_id into v_members from registry.conflicts as c where c.id = v.id;
        continue when not private.free_members(v_members);
        update registry.offered_numbers as n
        set personnummer_index = v.index, personnummer_sealed = v.sealed, personnummer_index_previous = case
          when v.index = v.old_index then n.personnummer_index_previous
          else v.old_index || array_remove(array_remove(n.personnummer_index_previous, v.index), v.old_index) end
        where n.conflict_id = v.id and n.personnummer_index = v.old_index;
        continue when not found;
        select c.organization_id into v_organization from registry.conflicts as c where c.id = v.id;
        perform private.renew_case_numbers(array[v.id], v.old_index, v.index) where v.index <> v.old_index;
      when 'resolutions' then
        perform from registry.resolutions as r where r.id = v.id for no key update skip locked;
        continue when not found;
        select r.organization_id, number.index, number.previous, number.sealed, number.masked, number.source, number.at
        into v_organization, v_number.index, v_number.previous, v_number.sealed, v_number.masked, v_number.source, v_number.at
        from registry.resolutions as r
        cross join lateral unnest(array[(r.before).number, (r.before).survivor_number]) with ordinality
          as number(index, previous, sealed, masked, source, at, nth)
        where r.id = v.id and number.nth = v.nth and number.index = v.old_index;
        continue when not found;
        v_number.previous := case when v.index = v.old_index then v_number.previous else v.old_index || v_number.previous end;
        v_number.index := v.index;
        v_number.sealed := v.sealed;
        if v.nth = 1 then
          update registry.resolutions set before.number = v_number where registry.resolutions.id = v.id;
        else
          update registry.resolutions set before.survivor_number = v_number where registry.resolutions.id = v.id;
        end if;
      else
        raise exception 'There is no such place.' using errcode = 'invalid_parameter_value';
    end case;
    v_renewed := v_renewed + 1;
    v_organizations := v_organizations || v_organization;
  end loop;
  perform private.record_event('index_renewed', 'worker', g.id, 'Stored numbers were renewed under the current keys; the numbers are the same.',
    p_detail => jsonb_build_object('place', renew_numbers.place, 'numbers', count(*)))
  from unnest(v_organizations) as g(id) group by g.id;
  return v_renewed;
end
$$;
comment on function worker.renew_numbers is 'In: the place as in numbers_to_renew; for each number id, nth, its old index, the index and the sealed form under the current keys. Out: how many were renewed; the others are held by somebody, have changed meanwhile, or would be a duplicate.';
grant execute on function worker.renew_numbers to sync_worker;
