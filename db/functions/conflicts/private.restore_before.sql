-- The reverse of what a decision did, step by step, from what was kept with it.
create or replace function private.restore_before(c registry.conflicts, p_before jsonb)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations;
begin
  select known.* into o from registry.observations as known where known.id = c.observation_id;
  delete from registry.excluded_links as x
  where (x.organization_id, x.issuer, x.subject) = (o.organization_id, o.issuer, o.subject) and p_before -> 'excluded' ? x.member_id::text;
  if p_before ? 'merged' then
    perform private.separate_members(c, p_before);
  elsif p_before ? 'number' then
    perform private.restore_number(c, p_before -> 'number');
  end if;
  if p_before #>> '{link,before}' is not null then
    perform private.set_link(o, (p_before #>> '{link,before}')::uuid);
  elsif p_before ? 'link' then
    delete from registry.identity_links as l
    where (l.organization_id, l.issuer, l.subject) = (o.organization_id, o.issuer, o.subject);
    perform private.record_event('link_removed', 'coordinator', o.organization_id, 'The link was taken back with the decision that made it.',
      p_member_id => (p_before #>> '{link,after}')::uuid, p_observation_id => o.id, p_conflict_id => c.id);
    perform private.end_login_sessions(o.organization_id, o.issuer, o.subject, (p_before #>> '{link,after}')::uuid);
  end if;
end
$$;
comment on function private.restore_before is 'In: a locked case, the state before its decision. Puts that state back.';
