-- What happened to a member, in order.
-- The organisation and the record are looked up row by row ("offset 0"): joined, everything would be put in order before the first page is there.
create or replace view api.member_history with (security_invoker = true) as
select
  e.id as event_id, g.slug as organization, e.member_id, m.external_id as member_external_id, e.occurred_at, e.event, e.source,
  e.message, e.observation_id, e.conflict_id, e.push_id
from audit.events as e
cross join lateral (select r.slug from registry.organizations as r where r.id = e.organization_id offset 0) as g
cross join lateral (select r.external_id from registry.members as r where r.id = e.member_id offset 0) as m;
comment on view api.member_history is 'Audit events about members of the coordinator''s organisations.';
comment on column api.member_history.event_id is 'Identifies the event; rises with time, roughly.';
comment on column api.member_history.organization is 'Whose member (slug).';
comment on column api.member_history.member_id is 'The member concerned.';
comment on column api.member_history.member_external_id is 'The member''s number in the member system.';
comment on column api.member_history.occurred_at is 'When it happened.';
comment on column api.member_history.event is 'What happened (docs/for-coordinators.md).';
comment on column api.member_history.source is 'What brought it about; worker: also where a login or a coordinator caused what became of a push.';
comment on column api.member_history.message is 'The same as a sentence. Numbers are masked.';
comment on column api.member_history.observation_id is 'The login concerned.';
comment on column api.member_history.conflict_id is 'The case concerned.';
comment on column api.member_history.push_id is 'The push concerned.';
grant select on api.member_history to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.member_history
for each row execute function private.tg__refuse_write();
