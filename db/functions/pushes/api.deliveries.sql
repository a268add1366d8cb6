-- Every change on its way to a member system, or that was, for a page that shows how it went. Newest first: order=created_at.desc,id.desc.
-- The organisation and the record are looked up row by row ("offset 0"): joined, everything would be put in order before the first page is there.
create or replace view api.deliveries with (security_invoker = true) as
select
  p.id, g.slug as organization, p.member_id, m.external_id as member_external_id, m.given_name as member_given_name,
  m.family_name as member_family_name, case when p.removal then 'remove' else 'set' end as change, p.state, p.attempts, p.created_at,
  private.next_attempt(p.next_attempt_at, p.settled_at, b.state, b.probe_at) as next_attempt_at, p.settled_at, p.error_code,
  private.explain_failure(case when p.waits_for_conflict_id is null then p.error_code else 'disputed' end) as reason, p.waits_for_conflict_id
from sync.pushes as p
cross join lateral (select r.slug from registry.organizations as r where r.id = p.organization_id offset 0) as g
cross join lateral (select r.external_id, r.given_name, r.family_name from registry.members as r where r.id = p.member_id offset 0) as m
left join sync.breakers as b on b.organization_id = p.organization_id;
comment on view api.deliveries is 'Changes of the coordinator''s organisations to be carried to their member systems, whatever became of them.';
comment on column api.deliveries.id is 'The change; api.retry_sync takes it.';
comment on column api.deliveries.organization is 'Whose member system (slug).';
comment on column api.deliveries.member_id is 'The member whose number is carried.';
comment on column api.deliveries.member_external_id is 'The member''s number in the member system.';
comment on column api.deliveries.member_given_name is 'Given name on the record.';
comment on column api.deliveries.member_family_name is 'Family name on the record.';
comment on column api.deliveries.change is 'set: the number is to be recorded there; remove: taken away.';
comment on column api.deliveries.state is 'Where it stands (docs/for-coordinators.md).';
comment on column api.deliveries.attempts is 'Attempts begun.';
comment on column api.deliveries.created_at is 'When the change was made.';
comment on column api.deliveries.next_attempt_at is 'When it is tried next; null: it waits for a case, or is not tried any more.';
comment on column api.deliveries.settled_at is 'When it was delivered, refused, given up or overtaken.';
comment on column api.deliveries.error_code is 'Code of the last failure (docs/error-codes.md).';
comment on column api.deliveries.reason is 'The same as a sentence; that it waits for a case.';
comment on column api.deliveries.waits_for_conflict_id is 'The case that is to be settled before the change is sent.';
grant select on api.deliveries to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.deliveries
for each row execute function private.tg__refuse_write();
