-- Whom the organisation has erased, or is about to: no names, and nobody can be found by it.
create or replace view api.erasures with (security_invoker = true) as
select
  e.id as erasure_id, g.slug as organization, e.member_id, e.state, e.reason, private.user_of_actor(e.requested_by) as requested_by,
  private.user_of_actor(e.approved_by) as approved_by, e.announced_at, e.erased_at, e.counts, e.removal, e.removed_at,
  e.receipt_digest is not null and e.receipt_given_at is null as receipt_waits, e.receipt_given_at
from audit.erasures as e
join registry.organizations as g on g.id = e.organization_id;
comment on view api.erasures is 'Persons whom the coordinator''s organisations have erased, or who are about to be.';
comment on column api.erasures.erasure_id is 'The erasure; api.fetch_erasure_receipt takes it.';
comment on column api.erasures.organization is 'Whose member (slug).';
comment on column api.erasures.member_id is 'The record that was asked about.';
comment on column api.erasures.state is 'announced: the worker carries it out within seconds; erased.';
comment on column api.erasures.reason is 'Why.';
comment on column api.erasures.requested_by is 'The coordinator who asked for it (user id); null: the operator.';
comment on column api.erasures.approved_by is 'The second coordinator, where two were needed.';
comment on column api.erasures.announced_at is 'When it was decided.';
comment on column api.erasures.erased_at is 'When it was carried out.';
comment on column api.erasures.counts is 'What was erased: numbers of rows by table.';
comment on column api.erasures.removal is 'not_needed: no number had been sent to the member system; queued: it is told to remove the number; delivered: it has, or a coordinator closed the case about it.';
comment on column api.erasures.removed_at is 'When.';
comment on column api.erasures.receipt_waits is 'Whether the receipt is there to be fetched.';
comment on column api.erasures.receipt_given_at is 'When it was given out.';
grant select on api.erasures to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.erasures
for each row execute function private.tg__refuse_write();
