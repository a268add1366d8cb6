-- What a withdrawn consent means: link and consent are marked, what this login caused is not sent any more, and a coordinator is
-- told. A login after the message is a new consent and stands. The member is locked first, as by whoever reports on a push; a merge may
-- have moved the link while this waited, or a coordinator removed it.
create or replace function private.revoke_login(p_link_id uuid, p_revocation registry.revocations)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  l registry.identity_links := private.lock_link(p_link_id);
  v_source constant text := case when p_revocation.by_member then 'app' else l.provider || '-login' end;
  c registry.conflicts;
begin
  if l.id is null or exists (
    select from registry.observations as o
    where o.organization_id = l.organization_id and o.member_id = l.member_id
      and (o.issuer, o.subject) = (l.issuer, l.subject) and not private.withdraws(p_revocation, o)) then
    return;
  end if;
  update registry.identity_links set revoked_at = p_revocation.received_at where id = l.id;
  update registry.consents set state = 'withdrawn', withdrawn_at = p_revocation.received_at
  where organization_id = l.organization_id and member_id = l.member_id and provider = l.provider and state = 'given';
  perform private.withdraw_pushes(l);
  -- One open case for each login whose consent was withdrawn, for a coordinator to take note of.
  c.organization_id := l.organization_id;
  c.kind := 'consent_revoked';
  c.member_id := l.member_id;
  c.fingerprint := 'consent_revoked ' || l.id;
  c.detail := jsonb_build_object('provider', l.provider, 'verified', p_revocation.by_member);
  c := private.open_case(c);
  if l.revoked_at is null or p_revocation.by_member then -- the same said again is counted by the case
    perform private.record_event('consent_withdrawn', v_source, l.organization_id,
      case when p_revocation.by_member then 'The member withdrew consent.'
        else 'Consent was withdrawn, as an unverified message said; nothing was deleted.' end,
      p_member_id => l.member_id, p_conflict_id => c.id, p_detail => jsonb_build_object('verified', p_revocation.by_member));
  end if;
end
$$;
comment on function private.revoke_login is 'In: the link of the subject (id), the message, or what the member withdrew. Marks link and consent, cancels what can still be stopped, opens a case.';
