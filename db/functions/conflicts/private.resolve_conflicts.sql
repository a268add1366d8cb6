-- Each case is settled as if it were alone (private.settle_case): a refusal of one is its answer, and the others go on. A case that an earlier
-- one of them has settled or changed is read again, so its version tells.
create or replace function private.resolve_conflicts(p_conflict_ids uuid[], p_decision text, p_note text, p_expected_versions integer[])
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_classes integer;
  v_answers jsonb := '[]'::jsonb;
  v_answer jsonb;
  v_asked record;
  c registry.conflicts;
begin
  if cardinality(p_conflict_ids) between 1 and 200 is not true or cardinality(p_conflict_ids) is distinct from cardinality(p_expected_versions) then
    return private.refuse('resolve_conflicts', 'number_of_cases', null);
  end if;
  select count(distinct (locked.kind, locked.class))::integer
  into v_classes from private.lock_cases(p_conflict_ids) as locked;
  if v_classes > 1 then
    return private.refuse('resolve_conflicts', 'several_classes', null);
  end if;
  for v_asked in
    select a.id, a.version from unnest(p_conflict_ids, p_expected_versions) with ordinality as a(id, version, nth) order by a.nth
  loop
    select known.* into c from registry.conflicts as known
    where known.id = v_asked.id and known.organization_id = any (private.coordinator_organizations());
    v_answer := private.settle_case(c, p_decision, p_note, v_asked.version);
    if v_answer ? 'code' then
      perform private.record_refusal('resolve_conflicts', v_answer ->> 'code', v_asked.id);
    end if;
    v_answers := v_answers || jsonb_build_array(jsonb_build_object('conflict_id', v_asked.id) || v_answer);
  end loop;
  return v_answers;
end
$$;
comment on function private.resolve_conflicts is 'See api.resolve_conflicts.';
grant execute on function private.resolve_conflicts to authenticated;
