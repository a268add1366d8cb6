-- A login after the message that consent was withdrawn is a new consent at the provider. What was cancelled by the message goes
-- out after all, and what is being sent at this moment is tried again if it fails. The member is locked first, as by everybody who queues
-- a push: two at once would meet in a duplicate key.
create or replace function private.renew_consent(p_observation registry.observations)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last sync.pushes;
  v_push_id uuid;
begin
  if not exists (
    select from registry.identity_links as l
    where (l.organization_id, l.issuer, l.subject) = (p_observation.organization_id, p_observation.issuer, p_observation.subject)
      and l.revoked_at is not null)
  then
    return;
  end if;
  perform from registry.members as m where m.id = p_observation.member_id for no key update;
  if private.is_withdrawn(p_observation) then
    return;
  end if;
  update registry.identity_links as l set revoked_at = null
  where (l.organization_id, l.issuer, l.subject) = (p_observation.organization_id, p_observation.issuer, p_observation.subject)
    and l.revoked_at is not null;
  if not found then
    return;
  end if;
  update sync.pushes as p set consent_withdrawn_at = null
  from registry.observations as o
  where o.id = p.observation_id and (o.issuer, o.subject) = (p_observation.issuer, p_observation.subject)
    and p.organization_id = p_observation.organization_id and p.member_id = p_observation.member_id
    and p.settled_at is null and p.consent_withdrawn_at is not null;
  select p.* into v_last from sync.pushes as p
  where p.organization_id = p_observation.organization_id and p.member_id = p_observation.member_id
  order by p.created_at desc, p.id limit 1;
  if v_last.state = 'cancelled' and p_observation.outcome = 'confirmed' then
    v_push_id := private.queue_push(p_observation.member_id, p_observation.id);
  end if;
  perform private.record_event('consent_renewed', p_observation.source::text, p_observation.organization_id,
    'The member logged in again after consent was said to be withdrawn.',
    p_member_id => p_observation.member_id, p_observation_id => p_observation.id, p_push_id => v_push_id);
end
$$;
comment on function private.renew_consent is 'In: a decided observation of a linked login. Clears the mark of a withdrawal that is older, and queues what it had cancelled.';
