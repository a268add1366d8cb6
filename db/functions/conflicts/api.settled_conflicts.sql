-- What coordinators decided, so that it can be looked up, and taken back, days later. Whether there is still time is said here, by the same clock
-- that private.why_not_undo goes by: nobody who reads it needs one.
-- Records and login are looked up as in api.open_conflicts.
create or replace view api.settled_conflicts with (security_invoker = true) as
select
  c.id, g.slug as organization, c.kind_name as kind, c.decision, private.user_of_actor(c.decided_by) as decided_by, c.closed_at as settled_at, c.note,
  case
    when c.erased_at is null and private.undo_until(c.kind, r.decision, r.decided_at) >= now()
      then private.undo_until(c.kind, r.decision, r.decided_at)
  end as undo_until,
  private.user_of_actor((c.proposal).by) as proposed_by,
  c.version, c.member_id, m.external_id as member_external_id, m.given_name as member_given_name, m.family_name as member_family_name,
  m.personnummer_masked as recorded_personnummer, c.other_member_id, n.external_id as other_member_external_id, c.candidates,
  c.observation_id, o.provider, coalesce(o.personnummer_masked, c.detail ->> 'personnummer') as observed_personnummer,
  o.given_name as observed_given_name, o.family_name as observed_family_name, c.push_id, c.opened_at, c.detail
from registry.conflicts as c
cross join lateral (select r.slug from registry.organizations as r where r.id = c.organization_id offset 0) as g
left join lateral (
  select d.decision, d.decided_at from registry.resolutions as d where d.conflict_id = c.id and d.undone_at is null offset 0
) as r on true
left join lateral (
  select r.external_id, r.given_name, r.family_name, r.personnummer_masked from registry.members as r where r.id = c.member_id offset 0
) as m on true
left join lateral (select r.external_id from registry.members as r where r.id = c.other_member_id offset 0) as n on true
left join lateral (
  select r.provider, r.personnummer_masked, r.given_name, r.family_name from registry.observations as r where r.id = c.observation_id offset 0
) as o on true
where c.state = 'resolved';
comment on view api.settled_conflicts is 'Settled cases of the coordinator''s organisations. Numbers are masked.';
comment on column api.settled_conflicts.id is 'The case; api.undo_resolution takes it.';
comment on column api.settled_conflicts.organization is 'Whose coordinators see it (slug).';
comment on column api.settled_conflicts.kind is 'What was to be judged.';
comment on column api.settled_conflicts.decision is 'What was decided.';
comment on column api.settled_conflicts.decided_by is 'Who decided (user id).';
comment on column api.settled_conflicts.settled_at is 'When it was decided.';
comment on column api.settled_conflicts.note is 'The coordinator''s note.';
comment on column api.settled_conflicts.undo_until is 'Until when it can be taken back, as long as nothing newer stands on it; null: there is nothing to take back, or it is too late.';
comment on column api.settled_conflicts.proposed_by is 'Who had proposed it (user id), where it needed a second coordinator''s approval.';
comment on column api.settled_conflicts.version is 'Rises with every change of the case.';
comment on column api.settled_conflicts.member_id is 'The member concerned, where one was certain.';
comment on column api.settled_conflicts.member_external_id is 'That member''s number in the member system.';
comment on column api.settled_conflicts.member_given_name is 'Given name on the record now.';
comment on column api.settled_conflicts.member_family_name is 'Family name on the record now.';
comment on column api.settled_conflicts.recorded_personnummer is 'Number on the record now, masked.';
comment on column api.settled_conflicts.other_member_id is 'The other member, who had the number.';
comment on column api.settled_conflicts.other_member_external_id is 'That member''s number in the member system.';
comment on column api.settled_conflicts.candidates is 'The members it might have been.';
comment on column api.settled_conflicts.observation_id is 'The login that first showed it.';
comment on column api.settled_conflicts.provider is 'What the person logged in with.';
comment on column api.settled_conflicts.observed_personnummer is 'Number that the login or the import brought, masked.';
comment on column api.settled_conflicts.observed_given_name is 'Given name that the login brought.';
comment on column api.settled_conflicts.observed_family_name is 'Family name that the login brought.';
comment on column api.settled_conflicts.push_id is 'The push that failed.';
comment on column api.settled_conflicts.opened_at is 'When the case was opened.';
comment on column api.settled_conflicts.detail is 'What agreed and what disagreed; never a number.';
grant select on api.settled_conflicts to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.settled_conflicts
for each row execute function private.tg__refuse_write();
