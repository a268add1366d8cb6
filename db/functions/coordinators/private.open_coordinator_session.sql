-- A coordinator's session begins with no login of a member. The same code again is the same call, repeated because its answer was lost.
create or replace function private.open_coordinator_session(c registry.coordinators, r registry.code_request)
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_session_id uuid;
begin
  insert into registry.sessions (organization_id, coordinator_id, return_to, client_id, scope, nonce, code_hash, code_challenge,
    code_expires_at, expires_at)
  select c.organization_id, c.user_id, r.return_to, r.client_id, r.scope, r.nonce, r.code_hash, r.code_challenge,
    now() + interval '60 seconds', now() + private.session_lifetime('coordinators')
  where private.may_return_to(c.organization_id, 'coordinators', r.client_id, r.return_to)
  on conflict (code_hash) do nothing
  returning id into v_session_id;
  if v_session_id is null then
    return exists (
      select from registry.sessions as s
      where s.coordinator_id = c.user_id and s.organization_id = c.organization_id and s.code_hash = r.code_hash
        and s.code_challenge = r.code_challenge and s.code_used_at is null and s.ended_at is null);
  end if;
  perform private.record_event('coordinator_signed_in', 'staff-login', c.organization_id, 'A coordinator signed in.',
    p_detail => jsonb_build_object('user_id', c.user_id, 'session_id', v_session_id), p_actor => 'coordinator:' || c.user_id);
  return true;
end
$$;
comment on function private.open_coordinator_session is 'In: a coordinator, what the app asked for and the new code. Out: whether the code may be given out. It lives 60 seconds.';
