-- What coordinators proposed and others are to approve.
create or replace view api.approvals with (security_invoker = true) as
select
  c.id as conflict_id, g.slug as organization, c.kind, (c.proposal).decision, (c.proposal).note,
  p.user_id as proposed_by, private.coordinator_name(k.name, k.email, p.user_id) as proposed_by_name, (c.proposal).at as proposed_at,
  c.version, private.proposal_is_outdated(c.id) as evidence_changed, p.user_id = private.caller_id() as mine, (c.proposal).member_id
from registry.conflicts as c
join registry.organizations as g on g.id = c.organization_id
cross join lateral (select private.user_of_actor((c.proposal).by)) as p(user_id)
left join registry.coordinators as k on k.user_id = p.user_id and k.organization_id = c.organization_id
where c.state = 'proposed';
comment on view api.approvals is 'Decisions on cases of the coordinator''s organisations that wait for a second coordinator.';
comment on column api.approvals.conflict_id is 'The case; api.approve, api.decline and api.withdraw_proposal take it.';
comment on column api.approvals.organization is 'Whose case (slug).';
comment on column api.approvals.kind is 'What is to be judged.';
comment on column api.approvals.decision is 'What is proposed.';
comment on column api.approvals.note is 'The note of the one who proposed it.';
comment on column api.approvals.proposed_by is 'Who proposed it (user id).';
comment on column api.approvals.proposed_by_name is 'Who proposed it, for people.';
comment on column api.approvals.proposed_at is 'When.';
comment on column api.approvals.version is 'What approve, decline and withdraw_proposal want as expected_version.';
comment on column api.approvals.evidence_changed is 'The records, the login or the case have changed since: it cannot be approved any more, only declined or withdrawn.';
comment on column api.approvals.mine is 'Whether the reader proposed it, and so may withdraw but not approve it.';
comment on column api.approvals.member_id is 'For link_login: the member whom the login is to belong to.';
grant select on api.approvals to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.approvals
for each row execute function private.tg__refuse_write();
