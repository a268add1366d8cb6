-- Ends a session and its token family, and says why.
create or replace function private.end_session(p_session registry.sessions, p_reason registry.session_end)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update registry.sessions set ended_at = now(), end_reason = p_reason where id = p_session.id and ended_at is null;
  if found then
    perform private.record_event('session_ended', 'app', p_session.organization_id,
      format('The session ended: %s.', replace(p_reason::text, '_', ' ')),
      p_member_id => p_session.member_id, p_detail => jsonb_build_object('session_id', p_session.id, 'reason', p_reason),
      p_actor => 'coordinator:' || p_session.coordinator_id);
  end if;
end
$$;
comment on function private.end_session is 'In: a session, the reason. Ends it once.';
