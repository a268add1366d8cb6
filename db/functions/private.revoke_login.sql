-- What a withdrawn consent means: link and consent are marked, what this login caused is not sent any more, and a coordinator is
-- told. A login after the message is a new consent and stands. The member is locked first, as by whoever reports on a push.
create or replace function private.revoke_login(p_link registry.identity_links, p_issued_at timestamptz)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  v_source constant text := p_link.provider || '-login';
begin
  perform from registry.members as m where m.id = p_link.member_id for no key update;
  if exists (
    select from registry.observations as o
    where o.organization_id = p_link.organization_id and o.member_id = p_link.member_id
      and (o.issuer, o.subject) = (p_link.issuer, p_link.subject) and o.authenticated_at > p_issued_at) then
    return;
  end if;
  update registry.identity_links set revoked_at = p_issued_at where id = p_link.id;
  update registry.consents set state = 'withdrawn', withdrawn_at = p_issued_at
  where organization_id = p_link.organization_id and member_id = p_link.member_id and provider = p_link.provider and state = 'given';
  perform private.withdraw_pushes(p_link);
  perform private.record_event('consent_withdrawn', v_source, p_link.organization_id,
    'Consent was withdrawn, as an unverified message said; nothing was deleted.', p_member_id => p_link.member_id,
    p_conflict_id => private.open_revocation_case(p_link), p_detail => '{"verified": false}');
end
$$;
comment on function private.revoke_login is 'In: the link of the subject, when the message was issued. Marks link and consent, cancels what can still be stopped, opens a case.';
