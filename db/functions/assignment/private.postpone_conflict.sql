-- There is nothing to decide before a certain day. The case comes back by itself: then, or as soon as it changes.
create or replace function private.postpone_conflict(p_conflict_id uuid, p_until date, p_note text)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts := private.lock_case(p_conflict_id);
  v_refusal constant text := case
    when c.id is null then 'not_found'
    when c.closed_at is not null then 'not_open'
    when c.state = 'proposed' then 'awaits_approval'
    when p_until <= private.today() or p_until > private.today() + 366 then 'date_unusable'
    else coalesce(private.why_not_note(p_note), private.why_not_comment(c.id))
  end;
begin
  if v_refusal is not null then
    return private.refuse('postpone_conflict', v_refusal, p_conflict_id);
  end if;
  update registry.conflicts set postponed_until = p_until where id = c.id returning * into c;
  perform private.write_comment(c, private.caller_id(), p_note);
  perform private.keep_assignment(c.id);
  perform private.record_repeatable(private.actor() || ' ' || c.id, 'case_postponed', 'coordinator', c.organization_id,
    case when p_until is null then 'The case is no longer postponed.' else format('A coordinator postponed the case until %s.', p_until) end,
    p_member_id => coalesce(c.member_id, c.candidates[1]), p_conflict_id => c.id, p_push_id => c.push_id,
    p_detail => jsonb_build_object('kind', c.kind, 'until', p_until));
  return private.describe_case(c) || jsonb_build_object('postponed_until', c.postponed_until);
end
$$;
comment on function private.postpone_conflict is 'See api.postpone_conflict.';
grant execute on function private.postpone_conflict to authenticated;
