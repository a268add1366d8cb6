-- Settling a case, in order: look whether it may be done; do it, or propose it; write it down.
create or replace function private.settle_case(c registry.conflicts, p_decision text, p_note text, p_expected_version integer)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  o constant registry.observations := private.evidence_of_case(c);
  v_refusal constant text := coalesce(private.why_not_resolve(c, o, p_decision, p_expected_version), private.why_not_note(p_note),
    case when p_decision = 'erase_member' then private.why_not_reason(c.member_id, p_note) end);
begin
  if v_refusal is not null then
    return private.refusal(v_refusal);
  elsif private.needs_approval(c.organization_id, p_decision::registry.decision, c.kind) then
    return private.propose_decision(c, p_decision::registry.decision, p_note);
  end if;
  return private.carry_out(c, o, p_decision::registry.decision, p_note);
end
$$;
comment on function private.settle_case is 'In: a locked case (null: not visible), decision, note, the version that the coordinator saw. Out: the case, settled or proposed, or a refusal, which the caller audits.';
