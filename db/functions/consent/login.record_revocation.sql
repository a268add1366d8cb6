-- A provider says that somebody withdrew consent. The message is unsigned, so it is a hint: it stops what was to be sent and
-- tells the coordinator, and never deletes anything or locks anybody out. Known and unknown subjects are answered alike.
create or replace function login.record_revocation(
  organization text, provider text, subject text, event text, issued_at timestamptz, late boolean
)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_organization_id uuid;
  v_provider registry.provider;
  v_times integer;
  r registry.revocations;
  v_issuer text; -- a subject means something at its issuer only; and with it the link is found by its key
begin
  select p.organization_id, p.provider, p.issuer into v_organization_id, v_provider, v_issuer
  from registry.identity_providers as p join registry.organizations as g on g.id = p.organization_id
  where g.slug = record_revocation.organization and p.provider::text = record_revocation.provider;
  if v_organization_id is null then
    raise exception 'The organisation has no such provider.' using errcode = 'PN001';
  end if;
  if record_revocation.event !~ '^[A-Za-z_]{1,60}$' then
    raise exception 'The event has no name of an event.' using errcode = 'PN002';
  end if;
  if exists (
    select from registry.revocations as known
    where (known.organization_id, known.provider, known.subject, known.event, known.issued_at)
      = (v_organization_id, v_provider, record_revocation.subject, record_revocation.event, record_revocation.issued_at)) then
    return;
  end if;
  -- Whoever has the address may send any number of them: those about subjects that nobody has heard of count together. A login without
  -- a link may be linked later, and must not be filled then.
  v_times := private.record_repeatable(concat_ws(' ', v_organization_id, v_provider, coalesce(
      (select l.id from registry.identity_links as l
      where l.organization_id = v_organization_id and l.issuer = v_issuer and l.subject = record_revocation.subject),
      (select o.id from registry.observations as o
      where o.organization_id = v_organization_id and o.issuer = v_issuer and o.subject = record_revocation.subject and o.member_id is null
      order by o.id limit 1))),
    'revocation_received', v_provider || '-login', v_organization_id,
    format('An unverified message said that consent was withdrawn%s.', case when record_revocation.late then ', late' else '' end),
    p_detail => jsonb_build_object('verified', false, 'late', record_revocation.late, 'event', record_revocation.event));
  r := row(v_organization_id, v_provider, record_revocation.subject, record_revocation.event, record_revocation.issued_at,
    clock_timestamp(), record_revocation.late, false)::registry.revocations;
  if v_times <= 1000 then
    insert into registry.revocations values (r.*) on conflict do nothing;
  end if;
  if record_revocation.event = 'CONSENT_REVOKED' and not record_revocation.late then
    perform private.revoke_login(l.id, r)
    from registry.identity_links as l
    where l.organization_id = v_organization_id and l.issuer = v_issuer and l.subject = record_revocation.subject
      and l.provider = v_provider;
  end if;
end
$$;
comment on function login.record_revocation is 'In: organisation (slug), provider, subject, event, when it was issued, whether it came late. Stores it once, and a thousand in an hour at most; CONSENT_REVOKED takes effect unless late.';
grant execute on function login.record_revocation to auth_callback;
