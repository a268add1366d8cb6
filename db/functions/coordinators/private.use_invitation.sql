-- An invitation is used once, by the first login whose verified e-mail address is the invited one. Of two at once the row lets one through;
-- the same login in two windows is one person, who finds the row bound by then.
create or replace function private.use_invitation(p_organization_id uuid, l registry.login_key, p_email text)
returns registry.coordinators
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.coordinators;
begin
  update registry.coordinators as k set issuer = l.issuer, subject = l.subject
  where k.organization_id = p_organization_id and k.state = 'invited' and private.email_key(k.email) = private.email_key(p_email)
    and k.invited_at > now() - interval '30 days'
  returning k.* into c;
  if not found then
    return private.bound_coordinator(p_organization_id, l);
  end if;
  perform private.record_event('coordinator_bound', 'staff-login', p_organization_id,
    'An invitation was used: from now on this login of the staff provider is the coordinator''s.',
    p_detail => jsonb_build_object('user_id', c.user_id), p_actor => 'coordinator:' || c.user_id);
  return c;
end
$$;
comment on function private.use_invitation is 'In: organisation, issuer and subject, a verified e-mail address. Out: the coordinator whose invitation it was, or null.';
