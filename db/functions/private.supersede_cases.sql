-- Other open cases about a record that is no more are moot.
create or replace function private.supersede_cases(p_conflict registry.conflicts, p_because text)
returns jsonb
language plpgsql volatile
set search_path = ''
as $$
declare
  c registry.conflicts;
  v_ids jsonb := '[]'::jsonb;
begin
  for c in
    update registry.conflicts
    set state = 'superseded', superseded_by = p_because, closed_at = clock_timestamp(), version = version + 1
    where organization_id = p_conflict.organization_id and id <> p_conflict.id and state = 'open'
      and (p_conflict.member_id in (member_id, other_member_id) or p_conflict.member_id = any (candidates))
    returning *
  loop
    perform private.record_case_event('case_superseded', c, p_because);
    v_ids := v_ids || to_jsonb(c.id);
  end loop;
  return v_ids;
end
$$;
comment on function private.supersede_cases is 'In: a case whose member is no more, the reason. Out: ids of the other open cases that were closed by it.';
