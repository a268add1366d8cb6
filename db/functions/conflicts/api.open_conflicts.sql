-- What a coordinator has to judge. Numbers are masked, and only the own organisations' rows pass row security. Most cases are nobody's and have
-- no proposal, so functions are asked only where there is something to ask. Decisions are worked out once, and each record, login and coordinator is
-- looked up by itself ("offset 0"): PostgREST gives the limit as a parameter, so every page is planned anew, and planning the joins in all
-- their orders would take longer than the page.
create or replace view api.open_conflicts with (security_invoker = true) as
select
  c.id, g.slug as organization, c.kind_name as kind, c.state, c.version, c.opened_at, c.seen, c.last_seen_at,
  c.member_id, m.external_id as member_external_id, m.given_name as member_given_name, m.family_name as member_family_name,
  m.birth_date as member_birth_date, m.email as member_email, m.phone as member_phone, m.personnummer_masked as recorded_personnummer,
  c.other_member_id, n.external_id as other_member_external_id, n.given_name as other_member_given_name,
  n.family_name as other_member_family_name,
  c.candidates, c.observation_id, o.provider,
  coalesce(o.personnummer_masked, c.detail ->> 'personnummer') as observed_personnummer,
  o.given_name as observed_given_name, o.family_name as observed_family_name, o.birth_date as observed_birth_date,
  o.email as observed_email, o.email_verified as observed_email_verified,
  o.phone as observed_phone, o.phone_verified as observed_phone_verified, o.authenticated_at,
  c.push_id, c.detail,
  (select count(*)::integer from sync.pushes as p where p.waits_for_conflict_id = c.id) as waiting_changes,
  d.decisions,
  private.decisions_for_two(
    case when c.kind in ('ambiguous', 'name_mismatch') then d.decisions || '{link_login}' else d.decisions end, g.second_approval, c.kind
  ) as need_approval,
  c.class,
  a.user_id as assigned_to,
  case when a.user_id is not null then private.coordinator_name(ka.name, ka.email, a.user_id) end as assigned_name,
  case when a.user_id is not null then c.assigned_until end as assigned_until,
  case when c.postponed_until is not null and c.postponed_until > private.today() then c.postponed_until end as postponed_until,
  (select count(*)::integer from registry.conflict_comments as k where k.organization_id = c.organization_id and k.conflict_id = c.id) as comments,
  (c.proposal).decision as proposed_decision, a.proposed_by,
  case when a.proposed_by is not null then private.coordinator_name(kp.name, kp.email, a.proposed_by) end as proposed_by_name,
  (c.proposal).at as proposed_at, (c.proposal).note as proposal_note
from registry.conflicts as c
cross join lateral (select r.slug, r.second_approval from registry.organizations as r where r.id = c.organization_id offset 0) as g
left join lateral (
  select r.external_id, r.given_name, r.family_name, r.birth_date, r.email, r.phone, r.personnummer_masked
  from registry.members as r where r.id = c.member_id offset 0
) as m on true
left join lateral (
  select r.external_id, r.given_name, r.family_name from registry.members as r where r.id = c.other_member_id offset 0
) as n on true
left join lateral (
  select r.provider, r.personnummer_masked, r.given_name, r.family_name, r.birth_date, r.email, r.email_verified, r.phone, r.phone_verified,
    r.authenticated_at
  from registry.observations as r where r.id = c.observation_id offset 0
) as o on true
cross join lateral (
  select private.decisions_of_case(c.kind, c.member_id, c.other_member_id, c.candidates, c.observation_id) offset 0
) as d(decisions)
cross join lateral (
  select case when c.assigned_to is not null and private.is_assigned(c.assigned_to, c.assigned_until) then c.assigned_to end,
    case when c.state = 'proposed' then private.user_of_actor((c.proposal).by) end offset 0
) as a(user_id, proposed_by)
left join lateral (
  select k.name, k.email from registry.coordinators as k where k.user_id = a.user_id and k.organization_id = c.organization_id offset 0
) as ka on true
left join lateral (
  select k.name, k.email from registry.coordinators as k where k.user_id = a.proposed_by and k.organization_id = c.organization_id offset 0
) as kp on true
where c.closed_at is null;
comment on view api.open_conflicts is 'Open and proposed cases of the coordinator''s organisations. Numbers are masked.';
comment on column api.open_conflicts.id is 'The case; api.resolve_conflict takes it.';
comment on column api.open_conflicts.organization is 'Whose coordinators see it (slug).';
comment on column api.open_conflicts.kind is 'What is to be judged.';
comment on column api.open_conflicts.state is 'open; or proposed: a decision waits for a second coordinator (api.approvals).';
comment on column api.open_conflicts.version is 'What resolve_conflict wants as expected_version: it rises with every change that a coordinator must have seen.';
comment on column api.open_conflicts.opened_at is 'When it was opened.';
comment on column api.open_conflicts.seen is 'How many times the same disagreement was seen.';
comment on column api.open_conflicts.last_seen_at is 'When it was last seen.';
comment on column api.open_conflicts.member_id is 'The member concerned, where one is certain.';
comment on column api.open_conflicts.member_external_id is 'That member''s number in the member system.';
comment on column api.open_conflicts.member_given_name is 'Given name on the record.';
comment on column api.open_conflicts.member_family_name is 'Family name on the record.';
comment on column api.open_conflicts.member_birth_date is 'Birth date on the record.';
comment on column api.open_conflicts.member_email is 'E-mail address on the record.';
comment on column api.open_conflicts.member_phone is 'Phone on the record.';
comment on column api.open_conflicts.recorded_personnummer is 'Number on the record, masked.';
comment on column api.open_conflicts.other_member_id is 'The other member who already has the number.';
comment on column api.open_conflicts.other_member_external_id is 'That member''s number in the member system.';
comment on column api.open_conflicts.other_member_given_name is 'Given name on that record.';
comment on column api.open_conflicts.other_member_family_name is 'Family name on that record.';
comment on column api.open_conflicts.candidates is 'The members it might be, where none is certain.';
comment on column api.open_conflicts.observation_id is 'The login that first showed it.';
comment on column api.open_conflicts.provider is 'What the person logged in with.';
comment on column api.open_conflicts.observed_personnummer is 'Number that the login or the import brought, masked.';
comment on column api.open_conflicts.observed_given_name is 'Given name that the login brought.';
comment on column api.open_conflicts.observed_family_name is 'Family name that the login brought.';
comment on column api.open_conflicts.observed_birth_date is 'Birth date that the login brought.';
comment on column api.open_conflicts.observed_email is 'E-mail address that the login brought.';
comment on column api.open_conflicts.observed_email_verified is 'Whether the provider has verified it.';
comment on column api.open_conflicts.observed_phone is 'Phone that the login brought.';
comment on column api.open_conflicts.observed_phone_verified is 'Whether the provider has verified it.';
comment on column api.open_conflicts.authenticated_at is 'When the person authenticated.';
comment on column api.open_conflicts.push_id is 'The push that failed.';
comment on column api.open_conflicts.waiting_changes is 'How many changes of records wait for the case before they are sent to the member system.';
comment on column api.open_conflicts.detail is 'What agreed and what disagreed; never a number.';
comment on column api.open_conflicts.decisions is 'Which decisions can be made of it, in the order in which they are offered.';
comment on column api.open_conflicts.need_approval is 'Which of them a second coordinator must approve; link_login among them where that is so of linking the login of this case by hand.';
comment on column api.open_conflicts.class is 'Cases of one kind and class may be settled together (api.resolve_conflicts). To be compared, not to be shown.';
comment on column api.open_conflicts.assigned_to is 'Who looks after it (user id).';
comment on column api.open_conflicts.assigned_name is 'Who looks after it, for people.';
comment on column api.open_conflicts.assigned_until is 'When that ends, unless they do something about it before.';
comment on column api.open_conflicts.postponed_until is 'The day on which it comes back; null: it is not postponed.';
comment on column api.open_conflicts.comments is 'How many comments it has (api.conflict_comments).';
comment on column api.open_conflicts.proposed_decision is 'The decision that waits for a second coordinator.';
comment on column api.open_conflicts.proposed_by is 'Who proposed it (user id).';
comment on column api.open_conflicts.proposed_by_name is 'Who proposed it, for people.';
comment on column api.open_conflicts.proposed_at is 'When.';
comment on column api.open_conflicts.proposal_note is 'The note of the one who proposed it.';
grant select on api.open_conflicts to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.open_conflicts
for each row execute function private.tg__refuse_write();
