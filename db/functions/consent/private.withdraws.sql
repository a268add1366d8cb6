-- Is this message newer than that login? A login is a new consent, so only a message that comes after it withdraws it. Two clocks are in
-- this. Ours saw both arrive: a login that came after the message stands, whatever time the message claims (nobody signed it, and it may
-- be dated ahead). A message that came after the login may have been long on its way: when the provider wrote it, and when it issued the
-- login's token, both are the provider's time, in whole seconds. auth_time is neither: with single sign-on it is old. Without a token
-- there is only our clock to compare with.
create or replace function private.withdraws(p_revocation registry.revocations, p_observation registry.observations)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_revocation.event = 'CONSENT_REVOKED' and not p_revocation.late
    and p_revocation.received_at >= p_observation.received_at
    and p_revocation.issued_at >= coalesce(p_observation.issued_at, date_trunc('second', p_observation.received_at, 'UTC'))
$$;
comment on function private.withdraws is 'In: a withdrawal, by the provider''s unverified message or by the member, about a login''s subject, that login. Out: whether it withdraws the consent that the login gave.';
