-- The second pair of eyes: what another coordinator proposed takes effect, if it stands on what is true now.
create or replace function private.approve(p_conflict_id uuid, p_expected_version integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c constant registry.conflicts := private.lock_case(p_conflict_id);
  o constant registry.observations := private.evidence_of_case(c);
  v_refusal constant text := coalesce(
    private.why_not_proposal(c, p_expected_version),
    case when private.proposal_is_outdated(c.id) then 'evidence_changed' end,
    private.why_not_decide(c, o, (c.proposal).decision));
begin
  if v_refusal is not null then
    return private.refuse('approve', v_refusal, p_conflict_id);
  end if;
  return private.answer('approve', p_conflict_id, private.carry_out(c, o, (c.proposal).decision, (c.proposal).note));
end
$$;
comment on function private.approve is 'See api.approve.';
grant execute on function private.approve to authenticated;
