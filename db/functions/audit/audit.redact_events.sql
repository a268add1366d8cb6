-- What an event said of a person goes, and that it happened stays: the seal's leaf is left, and its salt goes, without which nobody can try out
-- what the event said. Nobody else may change an event (audit.tg__refuse_change), and it is said in one event which ones were: who
-- verifies can so tell a redaction from a change. It names them by a digest over all that is left of them, for their leaves cannot be compared
-- any more; the events themselves show when they were redacted.
create or replace function audit.redact_events(p_event_ids bigint[], p_reason text)
returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at timestamptz;
  v_message constant text := case p_reason
    when 'erasure' then 'What was said here was taken out: the person was erased.'
    when 'retention' then 'What was said here was taken out: the time set for it was over.' end;
  v_count integer;
  v_digest text;
  v_organization_ids uuid[];
begin
  if v_message is null then
    raise exception 'Events are redacted for erasure or retention.' using errcode = 'invalid_parameter_value';
  end if;
  perform audit.lock_sealing();
  v_at := clock_timestamp(); -- under the lock: no two groups have the same
  with redacted as (
    update audit.events as e set message = v_message, detail = '{}', redacted_at = v_at
    where e.id = any (p_event_ids) and e.redacted_at is null and not audit.stays_whole(e.event)
    returning e.*
  ), unsalted as (
    delete from audit.salts as s using redacted as r where s.event_id = r.id
  )
  select count(*), array_agg(distinct e.organization_id), encode(sha256(convert_to(string_agg(jsonb_build_array(
      e.id, case when isfinite(e.occurred_at) then (extract(epoch from e.occurred_at) * 1000000)::bigint end, e.organization_id, e.event,
      e.source, e.actor, e.message, e.member_id, e.observation_id, e.conflict_id, e.push_id, e.transaction_id::text, e.epoch)::text,
      ',' order by e.id), 'UTF8')), 'hex')
  into v_count, v_organization_ids, v_digest from redacted as e;
  if v_count = 0 then
    return 0;
  end if;
  insert into audit.events (event, source, actor, organization_id, message, detail)
  values ('events_redacted', 'worker', session_user, case when cardinality(v_organization_ids) = 1 then v_organization_ids[1] end,
    format('What %s events said was taken out (%s).', v_count, p_reason),
    jsonb_build_object('reason', p_reason, 'count', v_count,
      'redacted_at', to_char(v_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'digest', v_digest));
  return v_count;
end
$$;
comment on function audit.redact_events is 'In: ids of events, erasure or retention. Out: how many were redacted now. Takes out sentence and details, and deletes the salts. Appends one event events_redacted with reason, count, the time that these events have as redacted_at, and digest: SHA-256 (hex) over what is left of each (docs/auditing.md).';
grant execute on function audit.redact_events to registry_owner;
