-- Changes that have not reached the member system: refused, given up, waiting for a case, or still being tried after a failure. One that a later
-- push of the same member follows is history.
-- The organisation and the record are looked up row by row ("offset 0"): joined, everything would be put in order before the first page is there.
create or replace view api.failed_syncs with (security_invoker = true) as
select
  p.id as push_id, g.slug as organization, p.member_id, m.external_id as member_external_id, p.state, p.attempts,
  p.error_code,
  private.explain_failure(case when p.waits_for_conflict_id is null then p.error_code else 'disputed' end) as reason, p.http_status,
  private.next_attempt(p.next_attempt_at, p.settled_at, b.state, b.probe_at) as next_attempt_at,
  p.created_at, p.settled_at, p.waits_for_conflict_id
from sync.pushes as p
cross join lateral (select r.slug from registry.organizations as r where r.id = p.organization_id offset 0) as g
cross join lateral (select r.external_id from registry.members as r where r.id = p.member_id offset 0) as m
left join sync.breakers as b on b.organization_id = p.organization_id
where (p.state in ('rejected', 'given_up') and not exists (
    select from sync.pushes as later
    where later.organization_id = p.organization_id and later.member_id = p.member_id and later.id <> p.id
      and later.created_at >= p.created_at and later.state in ('pending', 'sending', 'delivered')))
  or (p.settled_at is null and p.error_code is not null)
  or p.waits_for_conflict_id is not null;
comment on view api.failed_syncs is 'Pushes of the coordinator''s organisations that failed or wait for a case, with the reason and the next try.';
comment on column api.failed_syncs.push_id is 'The change; api.retry_sync takes it.';
comment on column api.failed_syncs.organization is 'Whose member system (slug).';
comment on column api.failed_syncs.member_id is 'The member whose number is carried.';
comment on column api.failed_syncs.member_external_id is 'The member''s number in the member system.';
comment on column api.failed_syncs.state is 'rejected or given_up: a case; pending or sending: it is still tried.';
comment on column api.failed_syncs.attempts is 'Attempts begun.';
comment on column api.failed_syncs.error_code is 'Code of the last failure (docs/error-codes.md).';
comment on column api.failed_syncs.reason is 'The same as a sentence.';
comment on column api.failed_syncs.http_status is 'HTTP status of the last answer.';
comment on column api.failed_syncs.next_attempt_at is 'When it is tried again.';
comment on column api.failed_syncs.created_at is 'When the change was made.';
comment on column api.failed_syncs.settled_at is 'When it was refused or given up.';
comment on column api.failed_syncs.waits_for_conflict_id is 'The case that is to be settled before the change is sent.';
grant select on api.failed_syncs to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.failed_syncs
for each row execute function private.tg__refuse_write();
