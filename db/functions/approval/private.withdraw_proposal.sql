-- The one who proposed has thought better of it.
create or replace function private.withdraw_proposal(p_conflict_id uuid, p_expected_version integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c constant registry.conflicts := private.lock_case(p_conflict_id);
  v_refusal constant text := coalesce(
    private.why_not_proposal(c, p_expected_version),
    case when (c.proposal).by <> private.actor() then 'not_your_proposal' end);
begin
  if v_refusal is not null then
    return private.refuse('withdraw_proposal', v_refusal, p_conflict_id);
  end if;
  return private.end_proposal(c, 'decision_withdrawn', 'The coordinator withdrew the proposal; the case is open again.');
end
$$;
comment on function private.withdraw_proposal is 'See api.withdraw_proposal.';
grant execute on function private.withdraw_proposal to authenticated;
