-- What a coordinator has to judge. Numbers are masked, and only the own organisations' rows pass row security.
create or replace view api.open_conflicts with (security_invoker = true) as
select
  c.id, g.slug as organization, c.kind, c.state, c.version, c.opened_at, c.seen, c.last_seen_at,
  c.member_id, m.external_id as member_external_id, m.given_name as member_given_name, m.family_name as member_family_name,
  m.personnummer_masked as recorded_personnummer,
  c.other_member_id, n.external_id as other_member_external_id,
  c.candidates, c.observation_id, o.provider,
  coalesce(o.personnummer_masked, c.detail ->> 'personnummer') as observed_personnummer,
  o.given_name as observed_given_name, o.family_name as observed_family_name, o.authenticated_at,
  c.push_id, c.detail,
  (select count(*)::integer from sync.pushes as p where p.waits_for_conflict_id = c.id) as waiting_changes
from registry.conflicts as c
join registry.organizations as g on g.id = c.organization_id
left join registry.members as m on m.id = c.member_id
left join registry.members as n on n.id = c.other_member_id
left join registry.observations as o on o.id = c.observation_id
where c.state = 'open';
comment on view api.open_conflicts is 'Open cases of the coordinator''s organisations. Numbers are masked; waiting_changes: how many changes of records wait for the case before they are sent to the member system.';
grant select on api.open_conflicts to authenticated;
