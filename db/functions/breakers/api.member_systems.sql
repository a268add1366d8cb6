-- How the carrying of changes stands: one row per organisation.
create or replace view api.member_systems with (security_invoker = true) as
select
  g.slug as organization, s.kind, coalesce(b.state, 'closed') as breaker, b.error_code, private.explain_failure(b.error_code) as reason,
  b.http_status, b.opened_at, b.probe_at as next_probe_at, p.waiting, p.oldest_waiting_since
from sync.member_systems as s
join registry.organizations as g on g.id = s.organization_id
left join sync.breakers as b on b.organization_id = s.organization_id
cross join lateral (
  select count(*) as waiting, min(known.created_at) as oldest_waiting_since
  from sync.pushes as known where known.organization_id = s.organization_id and known.settled_at is null
) as p;
comment on view api.member_systems is 'The member system of each of the coordinator''s organisations: how it is reached, whether changes flow (breaker closed) and if not why and until when, and how many changes wait.';
comment on column api.member_systems.organization is 'Whose member system (slug).';
comment on column api.member_systems.kind is 'How it is reached: http, file or worklist.';
comment on column api.member_systems.breaker is 'closed: changes flow; open: none is sent; half_open: one is, to find out.';
comment on column api.member_systems.error_code is 'The failure that stopped the changes (docs/error-codes.md).';
comment on column api.member_systems.reason is 'The same as a sentence.';
comment on column api.member_systems.http_status is 'HTTP status of that failure.';
comment on column api.member_systems.opened_at is 'Since when nothing is sent.';
comment on column api.member_systems.next_probe_at is 'When the next change is let through to find out.';
comment on column api.member_systems.waiting is 'How many changes wait.';
comment on column api.member_systems.oldest_waiting_since is 'When the oldest of them was made.';
grant select on api.member_systems to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.member_systems
for each row execute function private.tg__refuse_write();
