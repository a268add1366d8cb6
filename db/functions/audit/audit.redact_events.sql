-- What an event said of a person goes, and that it happened stays: the seal's leaf is left, and its salt goes, without which nobody can try out
-- what the event said. Nobody else may change an event (audit.tg__refuse_change), and it is said in one event which ones were: who
-- verifies can so tell a redaction from a change. It names them by a digest, for the events themselves show when they were redacted.
create or replace function audit.redact_events(p_event_ids bigint[], p_reason text)
returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at constant timestamptz := clock_timestamp();
  v_message constant text := case p_reason
    when 'erasure' then 'What was said here was taken out: the person was erased.'
    when 'retention' then 'What was said here was taken out: the time set for it was over.' end;
  v_ids bigint[];
  v_organization_ids uuid[];
begin
  if v_message is null then
    raise exception 'Events are redacted for erasure or retention.' using errcode = 'invalid_parameter_value';
  end if;
  perform audit.lock_sealing();
  with redacted as (
    update audit.events as e set message = v_message, detail = '{}', redacted_at = v_at
    where e.id = any (p_event_ids) and e.redacted_at is null
    returning e.id, e.organization_id
  )
  select array_agg(r.id order by r.id), array_agg(distinct r.organization_id) into v_ids, v_organization_ids from redacted as r;
  if v_ids is null then
    return 0;
  end if;
  delete from audit.salts as s where s.event_id = any (v_ids);
  insert into audit.events (event, source, actor, organization_id, message, detail)
  values ('events_redacted', 'worker', session_user, case when cardinality(v_organization_ids) = 1 then v_organization_ids[1] end,
    format('What %s events said was taken out (%s).', cardinality(v_ids), p_reason),
    jsonb_build_object('reason', p_reason, 'count', cardinality(v_ids),
      'redacted_at', to_char(v_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      'digest', encode(sha256(convert_to(array_to_string(v_ids, ','), 'UTF8')), 'hex')));
  return cardinality(v_ids);
end
$$;
comment on function audit.redact_events is 'In: ids of events, erasure or retention. Out: how many were redacted now. Takes out sentence and details, and deletes the salts. Appends one event events_redacted with reason, count, the time that these events have as redacted_at, and digest: SHA-256 (hex) over their ids in ascending order, as decimal numbers with commas between.';
grant execute on function audit.redact_events to registry_owner;
