-- Settling a case, in order: lock, look whether it may be done, do it, write it down. One transaction: record, case, push
-- and audit change together.
create or replace function private.resolve_conflict(p_conflict_id uuid, p_decision text, p_note text, p_expected_version integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c constant registry.conflicts := private.lock_case(p_conflict_id);
  o constant registry.observations := private.evidence_of_case(c);
  v_refusal constant text := coalesce(private.why_not_resolve(c, o, p_decision, p_expected_version), private.why_not_note(p_note));
  v_before registry.before_decision;
begin
  if v_refusal is not null then
    return private.refuse('resolve_conflict', v_refusal, p_conflict_id);
  end if;
  begin
    case p_decision
      when 'accept_observed' then v_before := private.accept_observed(c, o);
      when 'not_same_person' then v_before := private.exclude_login(c, o);
      when 'merge_into' then v_before := private.merge_members(c);
      else null; -- keep_existing changes nothing, and is remembered by the case itself
    end case;
  exception when unique_violation then -- an import that moves thousands of numbers gave this one to somebody at this moment
    return private.refuse('resolve_conflict', 'number_taken', p_conflict_id);
  end;
  return private.close_case(c, p_decision::registry.decision, p_note, v_before);
end
$$;
comment on function private.resolve_conflict is 'See api.resolve_conflict.';
grant execute on function private.resolve_conflict to authenticated;
