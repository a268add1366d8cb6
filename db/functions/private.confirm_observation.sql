-- Confirmed, no change: all that is written is the audit event.
create or replace function private.confirm_observation(p_observation registry.observations)
returns registry.observations
language plpgsql volatile
set search_path = ''
as $$
declare
  o registry.observations := p_observation;
begin
  o.outcome := 'confirmed';
  o.explanation := '{"rung": "link"}';
  o.settled_at := clock_timestamp();
  perform private.record_event('confirmed', o.source::text, o.organization_id, private.outcome_sentence(o), o.member_id, o.id,
    p_detail => private.outcome_detail(o, null));
  return o;
end
$$;
comment on function private.confirm_observation is 'In: an observation whose member is recognised. Out: the same, decided, after its audit event was written.';
