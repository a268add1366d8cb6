-- A proposal that is not approved: the case is open, as it was before.
create or replace function private.end_proposal(p_conflict registry.conflicts, p_event text, p_message text)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts;
begin
  update registry.conflicts set state = 'open', proposal = null, version = version + 1 where id = p_conflict.id returning * into c;
  perform private.keep_assignment(c.id);
  perform private.record_proposal_event(p_event, p_conflict, p_message);
  return private.describe_case(c);
end
$$;
comment on function private.end_proposal is 'In: a locked proposed case, event, sentence. Out: the case, open again.';
