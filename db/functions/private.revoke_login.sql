-- What a withdrawn consent means: link and consent are marked, pushes that this login caused and that wait are cancelled, and
-- a coordinator is told. A login after the message is a new consent and stands.
create or replace function private.revoke_login(p_link registry.identity_links, p_issued_at timestamptz)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  v_push sync.pushes;
  v_source constant text := p_link.provider || '-login';
begin
  if exists (
    select from registry.observations as o
    where o.organization_id = p_link.organization_id and o.member_id = p_link.member_id
      and (o.issuer, o.subject) = (p_link.issuer, p_link.subject) and o.authenticated_at > p_issued_at) then
    return;
  end if;
  update registry.identity_links set revoked_at = p_issued_at where id = p_link.id;
  update registry.consents set state = 'withdrawn', withdrawn_at = p_issued_at
  where organization_id = p_link.organization_id and member_id = p_link.member_id and provider = p_link.provider and state = 'given';
  for v_push in
    update sync.pushes as p set state = 'cancelled', settled_at = clock_timestamp(), next_attempt_at = null
    from registry.observations as o
    where o.id = p.observation_id and (o.issuer, o.subject) = (p_link.issuer, p_link.subject)
      and p.organization_id = p_link.organization_id and p.member_id = p_link.member_id and p.state = 'pending'
    returning p.*
  loop
    perform private.record_push_event('push_cancelled', v_push, 'The push was cancelled: consent was withdrawn, as an unverified message said.');
  end loop;
  perform private.record_event('consent_withdrawn', v_source, p_link.organization_id,
    'Consent was withdrawn, as an unverified message said; nothing was deleted.', p_member_id => p_link.member_id,
    p_conflict_id => private.open_revocation_case(p_link), p_detail => '{"verified": false}');
end
$$;
comment on function private.revoke_login is 'In: the link of the subject, when the message was issued. Marks link and consent, cancels waiting pushes, opens a case.';
