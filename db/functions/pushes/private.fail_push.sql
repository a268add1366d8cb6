-- Given up or refused: never silence, always a case for a coordinator. Given up is tried again the next day all the same; a push
-- that fails so again counts its case up, or opens it anew where a coordinator has closed it.
create or replace function private.fail_push(p_push sync.pushes, p_state sync.push_state, p_event text, p_message text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at constant timestamptz := case when p_state = 'given_up' then clock_timestamp() + interval '1 day' end;
begin
  insert into registry.conflicts as c (organization_id, kind, member_id, push_id, fingerprint, detail)
  values (p_push.organization_id, 'push_failed', p_push.member_id, p_push.id, 'push_failed ' || p_push.id,
    jsonb_strip_nulls(jsonb_build_object('error_code', p_push.error_code, 'http_status', p_push.http_status, 'attempts', p_push.attempts)))
  on conflict (organization_id, fingerprint) where state = 'open'
    do update set seen = c.seen + 1, last_seen_at = clock_timestamp();
  perform private.settle_push(p_push, p_state, p_event, p_message, v_at);
  if v_at is not null then
    perform private.enqueue('push_personnummer', p_push.id, v_at);
  end if;
end
$$;
comment on function private.fail_push is 'In: a push (with code and status), final state, event, sentence. Opens a case and settles the push.';
