-- A login that was linked just now logs its member in, as it will from now on.
create or replace function private.open_linked_session(
  p_observation registry.observations, p_proposal registry.link_proposals, p_refresh_token_hash bytea
)
returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_session_id uuid;
begin
  insert into registry.sessions (organization_id, member_id, observation_id, return_to, client_id, scope, nonce, code_hash,
    code_challenge, code_expires_at, code_used_at, expires_at)
  values (p_observation.organization_id, p_observation.member_id, p_observation.id, p_proposal.return_to, p_proposal.client_id,
    p_proposal.scope, p_proposal.nonce, p_proposal.code_hash, p_proposal.code_challenge, p_proposal.code_expires_at, now(),
    now() + private.session_lifetime('members'))
  returning id into v_session_id;
  insert into registry.refresh_tokens (token_hash, session_id) values (p_refresh_token_hash, v_session_id);
  perform private.record_event('session_opened', 'app', p_observation.organization_id, 'The member was logged in by a login linked just now.',
    p_member_id => p_observation.member_id, p_observation_id => p_observation.id,
    p_detail => jsonb_build_object('session_id', v_session_id));
  return v_session_id;
end
$$;
comment on function private.open_linked_session is 'In: a decided observation with its member, its proposal, SHA-256 of the first refresh token. Out: the new session.';
