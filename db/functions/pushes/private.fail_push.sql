-- Given up or refused: never silence, always a case for a coordinator. Given up is tried again the next day all the same; a push
-- that fails so again counts its case up, or opens it anew where a coordinator has closed it.
create or replace function private.fail_push(p_push sync.pushes, p_state sync.push_state, p_event text, p_message text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at constant timestamptz := case when p_state = 'given_up' then clock_timestamp() + interval '1 day' end;
  c registry.conflicts;
begin
  c.organization_id := p_push.organization_id;
  c.kind := 'push_failed';
  c.member_id := p_push.member_id;
  c.push_id := p_push.id;
  c.fingerprint := 'push_failed ' || p_push.id;
  c.detail := jsonb_strip_nulls(jsonb_build_object(
    'error_code', p_push.error_code, 'http_status', p_push.http_status, 'attempts', p_push.attempts));
  perform private.open_case(c);
  perform private.settle_push(p_push, p_state, p_event, p_message, v_at);
  if v_at is not null then
    perform private.enqueue('push_personnummer', p_push.id, v_at);
  end if;
end
$$;
comment on function private.fail_push is 'In: a push (with code and status), final state, event, sentence. Opens a case and settles the push.';
