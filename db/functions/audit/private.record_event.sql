-- What nearly every audit event is written by; the two busiest ways spell theirs out (private.confirm_known_login,
-- private.settle_pushes). The message carries no member id of the organisation's: some organisations use numbers
-- of eleven digits there, and an audit row must never look as if it held a personnummer.
create or replace function private.record_event(
  p_event text, p_source text, p_organization_id uuid, p_message text,
  p_member_id uuid default null, p_observation_id uuid default null,
  p_conflict_id uuid default null, p_push_id uuid default null, p_detail jsonb default '{}',
  p_actor text default null
)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into audit.events
    (event, source, actor, organization_id, message, member_id, observation_id, conflict_id, push_id, detail)
  values
    (p_event, p_source, coalesce(p_actor, private.actor()), p_organization_id, p_message, p_member_id, p_observation_id, p_conflict_id, p_push_id,
     p_detail);
end
$$;
comment on function private.record_event is 'In: one thing that happened. Appends it to audit.events with the time and the actor (null: whoever calls).';
