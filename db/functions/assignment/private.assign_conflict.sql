-- Who looks after a case, so that two do not do it beside each other. It binds nobody: any coordinator may settle the case. Whoever takes a case
-- that a colleague has is told so, and changes nothing: it is given back first.
create or replace function private.assign_conflict(p_conflict_id uuid, p_user_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts := private.lock_case(p_conflict_id);
  v_me constant uuid := private.caller_id();
  v_refusal constant text := case
    when c.id is null or p_user_id is not null and not exists (
      select from registry.coordinators as k where k.user_id = p_user_id and k.organization_id = c.organization_id) then 'not_found'
    when c.closed_at is not null then 'not_open'
    when p_user_id is not null and private.is_assigned(c.assigned_to, c.assigned_until) and c.assigned_to not in (p_user_id, v_me)
      then 'already_assigned'
  end;
begin
  if v_refusal is not null then
    return private.refuse('assign_conflict', v_refusal, p_conflict_id)
      || case when v_refusal = 'already_assigned' then private.describe_assignment(c) else '{}' end;
  end if;
  update registry.conflicts
  set assigned_to = p_user_id, assigned_until = case when p_user_id is not null then now() + interval '7 days' end
  where id = c.id
  returning * into c;
  perform private.record_repeatable(private.actor() || ' ' || c.id, 'case_assigned', 'coordinator', c.organization_id,
    case when p_user_id is null then 'The case is assigned to nobody.' else 'The case was assigned to a coordinator.' end,
    p_member_id => coalesce(c.member_id, c.candidates[1]), p_conflict_id => c.id, p_push_id => c.push_id,
    p_detail => jsonb_build_object('kind', c.kind, 'assigned_to', p_user_id));
  return private.describe_case(c) || private.describe_assignment(c);
end
$$;
comment on function private.assign_conflict is 'See api.assign_conflict.';
grant execute on function private.assign_conflict to authenticated;
