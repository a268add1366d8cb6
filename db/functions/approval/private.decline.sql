-- Another coordinator is of another mind. What both wrote is kept as comments: the one who proposed is to read why.
create or replace function private.decline(p_conflict_id uuid, p_note text, p_expected_version integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c constant registry.conflicts := private.lock_case(p_conflict_id);
  v_refusal constant text := coalesce(
    private.why_not_proposal(c, p_expected_version),
    case when (c.proposal).by = private.actor() then 'own_proposal' end,
    private.why_not_note(p_note),
    private.why_not_comment(c.id));
begin
  if v_refusal is not null then
    return private.refuse('decline', v_refusal, p_conflict_id);
  end if;
  perform private.write_comment(c, private.user_of_actor((c.proposal).by), (c.proposal).note);
  perform private.write_comment(c, private.caller_id(), p_note);
  return private.end_proposal(c, 'decision_declined', 'A coordinator declined what another had proposed; the case is open again.');
end
$$;
comment on function private.decline is 'See api.decline.';
grant execute on function private.decline to authenticated;
