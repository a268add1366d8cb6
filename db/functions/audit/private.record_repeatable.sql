-- What anybody can bring about as often as they like (a refusal, fetching the same number again, an unsigned message) must not fill the audit,
-- which keeps its rows for good. The first five of a kind within an hour are events; the others are counted, and the count becomes one event
-- when the hour is over (private.record_repetitions). What is counted as one kind is the caller's to say.
create or replace function private.record_repeatable(
  p_kind text, p_event text, p_source text, p_organization_id uuid, p_message text,
  p_member_id uuid default null, p_push_id uuid default null, p_detail jsonb default '{}', p_conflict_id uuid default null
)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_times integer;
begin
  insert into registry.repeated_events as r (kind, hour, event, source, actor, organization_id, member_id, conflict_id, push_id, message,
    detail)
  values (p_event || ' ' || p_kind, date_trunc('hour', clock_timestamp()), p_event, p_source, private.actor(), p_organization_id,
    p_member_id, p_conflict_id, p_push_id, p_message, p_detail)
  on conflict (kind, hour) do update set times = r.times + 1,
    -- What several did, or did to several, is counted in nobody's name.
    actor = case when r.actor = excluded.actor then r.actor else 'several' end,
    detail = case when r.detail = excluded.detail then r.detail else r.detail - 'id' end
  returning r.times into v_times;
  if v_times <= 5 then
    perform private.record_event(p_event, p_source, p_organization_id, p_message,
      p_member_id => p_member_id, p_conflict_id => p_conflict_id, p_push_id => p_push_id, p_detail => p_detail);
  end if;
  return v_times;
end
$$;
comment on function private.record_repeatable is 'In: what it counts with, then as private.record_event. Out: how many times in this hour. Appends the event, or counts it.';
