-- Changes that have not reached the member system: refused, given up, or still being tried after a failure.
create or replace view api.failed_syncs with (security_invoker = true) as
select
  p.id as push_id, g.slug as organization, p.member_id, m.external_id as member_external_id, p.state, p.attempts,
  p.error_code, p.http_status, p.next_attempt_at, p.created_at, p.settled_at
from sync.pushes as p
join registry.organizations as g on g.id = p.organization_id
join registry.members as m on m.id = p.member_id
where p.state in ('rejected', 'given_up') or (p.settled_at is null and p.error_code is not null);
comment on view api.failed_syncs is 'Pushes of the coordinator''s organisations that failed, with the reason and the next try.';
grant select on api.failed_syncs to authenticated;
