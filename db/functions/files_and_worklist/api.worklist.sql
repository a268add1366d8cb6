-- What a person has to type into a member system that has no interface, oldest first. The number itself is fetched for one
-- change at a time (api.fetch_number), sealed for the organisation's own key.
-- The organisation and the record are looked up row by row ("offset 0"): joined, everything would be put in order before the first page is there.
create or replace view api.worklist with (security_invoker = true) as
select
  p.id as push_id, g.slug as organization, p.member_id, m.external_id as member_external_id, m.given_name, m.family_name,
  case when m.personnummer_masked is null then 'remove' else 'set' end as change, m.personnummer_masked,
  p.accepted_until is not null and (s.receiver_key is not null or m.personnummer_masked is null) as ready, p.created_at as waiting_since,
  p.waits_for_conflict_id
from sync.pushes as p
cross join lateral (select r.slug from registry.organizations as r where r.id = p.organization_id offset 0) as g
cross join lateral (
  select r.external_id, r.given_name, r.family_name, r.personnummer_masked from registry.members as r where r.id = p.member_id offset 0
) as m
join sync.member_systems as s on s.organization_id = p.organization_id and s.kind = 'worklist'
where p.state in ('pending', 'sending');
comment on view api.worklist is 'Changes of the coordinator''s organisations that a person carries out: whether the number is to be set or removed, for whom, and whether it is ready to be fetched (a removal: to be carried out).';
comment on column api.worklist.push_id is 'The change; api.fetch_number and api.mark_done take it.';
comment on column api.worklist.organization is 'Whose member system (slug).';
comment on column api.worklist.member_id is 'The member concerned.';
comment on column api.worklist.member_external_id is 'The member''s number in the member system.';
comment on column api.worklist.given_name is 'Given name on the record.';
comment on column api.worklist.family_name is 'Family name on the record.';
comment on column api.worklist.change is 'set: type the number in; remove: take it away.';
comment on column api.worklist.personnummer_masked is 'The number to be set, masked; null: it is to be removed.';
comment on column api.worklist.ready is 'Whether the number can be fetched now, or the removal carried out.';
comment on column api.worklist.waiting_since is 'When the change was made.';
comment on column api.worklist.waits_for_conflict_id is 'The case that is to be settled before the change is carried out.';
grant select on api.worklist to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.worklist
for each row execute function private.tg__refuse_write();
