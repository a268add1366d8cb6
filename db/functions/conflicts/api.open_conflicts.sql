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
comment on view api.open_conflicts is 'Open cases of the coordinator''s organisations. Numbers are masked.';
comment on column api.open_conflicts.id is 'The case; api.resolve_conflict takes it.';
comment on column api.open_conflicts.organization is 'Whose coordinators see it (slug).';
comment on column api.open_conflicts.kind is 'What is to be judged.';
comment on column api.open_conflicts.state is 'Always open.';
comment on column api.open_conflicts.version is 'What resolve_conflict wants as expected_version: it rises with every change that a coordinator must have seen.';
comment on column api.open_conflicts.opened_at is 'When it was opened.';
comment on column api.open_conflicts.seen is 'How many times the same disagreement was seen.';
comment on column api.open_conflicts.last_seen_at is 'When it was last seen.';
comment on column api.open_conflicts.member_id is 'The member concerned, where one is certain.';
comment on column api.open_conflicts.member_external_id is 'That member''s number in the member system.';
comment on column api.open_conflicts.member_given_name is 'Given name on the record.';
comment on column api.open_conflicts.member_family_name is 'Family name on the record.';
comment on column api.open_conflicts.recorded_personnummer is 'Number on the record, masked.';
comment on column api.open_conflicts.other_member_id is 'The other member who already has the number.';
comment on column api.open_conflicts.other_member_external_id is 'That member''s number in the member system.';
comment on column api.open_conflicts.candidates is 'The members it might be, where none is certain.';
comment on column api.open_conflicts.observation_id is 'The login that first showed it.';
comment on column api.open_conflicts.provider is 'What the person logged in with.';
comment on column api.open_conflicts.observed_personnummer is 'Number that the login or the import brought, masked.';
comment on column api.open_conflicts.observed_given_name is 'Given name that the login brought.';
comment on column api.open_conflicts.observed_family_name is 'Family name that the login brought.';
comment on column api.open_conflicts.authenticated_at is 'When the person authenticated.';
comment on column api.open_conflicts.push_id is 'The push that failed.';
comment on column api.open_conflicts.waiting_changes is 'How many changes of records wait for the case before they are sent to the member system.';
comment on column api.open_conflicts.detail is 'What agreed and what disagreed; never a number.';
grant select on api.open_conflicts to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.open_conflicts
for each row execute function private.tg__refuse_write();
