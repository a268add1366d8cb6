-- The session that asked for a login to be linked redeems its code: now the login is decided, as that member's. Locks come in the common
-- order (number, member, then rows). What goes wrong takes everything back, and the app may try again while the code lives.
create or replace function private.redeem_link(
  p_proposal registry.link_proposals, r registry.code_request, p_refresh_token_hash bytea, out session_id uuid, out refused boolean
)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
as $$
declare
  v_member_id constant uuid := private.session_member(p_proposal.session_id, p_proposal.organization_id);
  p registry.link_proposals;
  o registry.observations;
begin
  select known.* into o from registry.observations as known where known.id = p_proposal.observation_id;
  perform private.lock_number(o.organization_id, o.personnummer_masked) where o.personnummer_masked is not null;
  perform from registry.members as m where m.id = v_member_id for no key update;
  if private.session_member(p_proposal.session_id, p_proposal.organization_id) is distinct from v_member_id then
    raise exception 'The session moved to another record, or ended, meanwhile.' using errcode = 'serialization_failure';
  end if;
  delete from registry.link_proposals as known
  where known.observation_id = p_proposal.observation_id and known.code_expires_at > now()
  returning known.* into p;
  if p.observation_id is null then
    return; -- used meanwhile, or too late
  end if;
  select known.* into o from registry.observations as known where known.id = p.observation_id for update;
  if v_member_id is null or not private.code_is_for(row(p.return_to, p.code_hash, p.code_challenge, p.client_id, p.scope, p.nonce), r) then
    perform private.erase_proposed(o); -- a code is guessed at most once
    return;
  end if;
  if o.personnummer_index is not null and not (select g.capture from registry.organizations as g where g.id = o.organization_id) then
    o := private.without_number(o, 'capture_off'); -- switched off while the login waited
  end if;
  o.requested_member_id := v_member_id;
  o := private.settle_observation(o);
  perform private.store_decision(o);
  refused := o.member_id is null;
  if not refused then
    session_id := private.open_linked_session(o, p, p_refresh_token_hash);
  end if;
end
$$;
comment on function private.redeem_link is 'In: a proposal whose session presents its code, what it is presented with, SHA-256 of the first refresh token. Out: the new session, or that the login was refused, which is a case; neither: the code is not good. Links, fills and queues what follows.';
