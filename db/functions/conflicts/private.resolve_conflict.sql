-- One case. A refusal sets the HTTP status here; for many cases (private.resolve_conflicts) it is part of each answer.
create or replace function private.resolve_conflict(p_conflict_id uuid, p_decision text, p_note text, p_expected_version integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c constant registry.conflicts := private.lock_case(p_conflict_id);
begin
  return private.answer('resolve_conflict', p_conflict_id, private.settle_case(c, p_decision, p_note, p_expected_version));
end
$$;
comment on function private.resolve_conflict is 'See api.resolve_conflict.';
grant execute on function private.resolve_conflict to authenticated;
