-- Remembers which member a login belongs to, with the reason. A coordinator may be merging the record at this moment: its links have
-- moved then, and a new one would stay behind on a record that nobody finds again; or be deciding that the login is not this member. So
-- both lock the record first.
create or replace function private.link_identity(p_observation registry.observations, p_match private.match_result)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from registry.members as m where m.id = p_observation.member_id and m.merged_into is null and m.erased_at is null for no key update;
  if not found then
    raise exception 'The record was merged into another, or the person erased, meanwhile.' using errcode = 'serialization_failure';
  elsif private.is_excluded(p_observation, p_observation.member_id) then
    raise exception 'The login was found not to be the member''s meanwhile.' using errcode = 'serialization_failure';
  end if;
  insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, match_rule, explanation)
  values (p_observation.organization_id, p_observation.issuer, p_observation.subject, p_observation.member_id,
          p_observation.provider, p_match.match_rule, p_match.explanation)
  on conflict (organization_id, issuer, subject) do nothing;
  if found then
    perform private.record_event('linked', p_observation.source::text, p_observation.organization_id,
      format('The login was linked to the member, found by %s.', replace(p_match.match_rule, '_', ' ')),
      p_member_id => p_observation.member_id, p_observation_id => p_observation.id, p_detail => p_match.explanation);
  elsif private.linked_member(p_observation) is distinct from p_observation.member_id then
    -- The same person's other login came to another member a moment ago. Processed again, this one follows that link.
    raise exception 'The login was linked to another member meanwhile.' using errcode = 'serialization_failure';
  end if;
end
$$;
comment on function private.link_identity is 'In: an observation with its member, and the match result. Links issuer and subject to the member, once.';
