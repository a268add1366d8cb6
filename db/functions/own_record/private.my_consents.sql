-- What the member answered when asked, in the words in which it was asked.
create or replace function private.my_consents()
returns table (
  provider registry.provider, state registry.consent_state, scope text, evidence jsonb, answered_at timestamptz, withdrawn_at timestamptz
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select c.provider, c.state, c.scope, c.evidence, c.answered_at, c.withdrawn_at
  from registry.members as m
  join registry.consents as c on c.organization_id = m.organization_id and c.member_id = m.id
  where m.id = (select private.calling_member())
$$;
comment on function private.my_consents is 'See api.my_consents.';
grant execute on function private.my_consents to authenticated; -- called by the view
