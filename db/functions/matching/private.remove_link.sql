-- A coordinator's decision parts a login from a member: the link goes, and the sessions that began with it end.
create or replace function private.remove_link(o registry.observations, p_member_id uuid, p_message text, p_conflict_id uuid)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from registry.identity_links as l
  where (l.organization_id, l.issuer, l.subject) = (o.organization_id, o.issuer, o.subject);
  perform private.record_event('link_removed', 'coordinator', o.organization_id, p_message,
    p_member_id => p_member_id, p_observation_id => o.id, p_conflict_id => p_conflict_id);
  perform private.end_login_sessions(o.organization_id, o.issuer, o.subject, p_member_id);
end
$$;
comment on function private.remove_link is 'In: an observation, the member whom its login is linked to, sentence for the audit, the case. Removes the link.';
