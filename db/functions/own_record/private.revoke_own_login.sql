-- The member's own withdrawal is kept as the provider's messages are, so that a login that is decided late, or linked later, brings no number
-- either. It is newer than every login before it, also where the provider's clock is ahead of ours.
create or replace function private.revoke_own_login(l registry.identity_links)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  r registry.revocations;
begin
  r.organization_id := l.organization_id;
  r.provider := l.provider;
  r.subject := l.subject;
  r.event := 'CONSENT_REVOKED';
  r.received_at := clock_timestamp();
  r.issued_at := greatest(r.received_at, (
    select max(o.issued_at) from registry.observations as o
    where (o.organization_id, o.issuer, o.subject) = (l.organization_id, l.issuer, l.subject) and o.member_id = l.member_id));
  r.late := false;
  r.by_member := true;
  insert into registry.revocations values (r.*) on conflict do nothing; -- a withdrawal of the same moment says the same
  perform private.revoke_login(l.id, r);
end
$$;
comment on function private.revoke_own_login is 'In: a link of the member who withdraws, locked. Marks link and consent, stops what was not sent, opens a case.';
