-- What waits for coordinators, by kind, as the first page of a day's work says it. Counted when it is asked for, kind by kind along an index,
-- so that no case is read to sort all of them apart; beside them the few that are postponed, proposed or the reader's.
create or replace view api.conflict_counts with (security_invoker = true) as
select
  g.slug as organization, k.kind, coalesce(w.cases - coalesce(q.cases, 0) - coalesce(p.cases, 0), 0) as open, coalesce(q.cases, 0) as postponed,
  coalesce(p.cases, 0) as proposed, coalesce(m.cases, 0) as mine, (
    -- "between", so that the order by kind and time is that of the index that is counted along, and not of all cases by time.
    select c.opened_at from registry.conflicts as c
    where c.organization_id = g.id and c.kind_name between k.kind::text and k.kind::text and c.closed_at is null and c.state = 'open'
      and (c.postponed_until > (select private.today())) is not true
    order by c.kind_name, c.opened_at limit 1
  ) as oldest
from registry.organizations as g
cross join unnest(enum_range(null::registry.conflict_kind)) as k(kind)
cross join lateral (
  select count(*) as cases from registry.conflicts as c
  where c.organization_id = g.id and c.kind_name = k.kind::text and c.closed_at is null
) as w
left join (
  select c.organization_id, c.kind, count(*) as cases from registry.conflicts as c
  where c.postponed_until is not null and c.postponed_until > (select private.today()) and c.state = 'open'
  group by c.organization_id, c.kind
) as q on (q.organization_id, q.kind) = (g.id, k.kind)
left join (
  select c.organization_id, c.kind, count(*) as cases from registry.conflicts as c where c.state = 'proposed'
  group by c.organization_id, c.kind
) as p on (p.organization_id, p.kind) = (g.id, k.kind)
left join (
  select c.organization_id, c.kind, count(*) as cases from registry.conflicts as c
  where c.assigned_to = (select private.caller_id()) and private.is_assigned(c.assigned_to, c.assigned_until)
    and c.state = 'open' and (c.postponed_until > (select private.today())) is not true
  group by c.organization_id, c.kind
) as m on (m.organization_id, m.kind) = (g.id, k.kind)
where w.cases > 0;
comment on view api.conflict_counts is 'Cases that wait for coordinators of the reader''s organisations, counted by kind. A kind without any has no row.';
comment on column api.conflict_counts.organization is 'Whose cases (slug).';
comment on column api.conflict_counts.kind is 'What is to be judged.';
comment on column api.conflict_counts.open is 'Open ones, without those that are postponed.';
comment on column api.conflict_counts.postponed is 'Open ones that are postponed to a later day.';
comment on column api.conflict_counts.proposed is 'Those in which a decision is proposed and waits for another coordinator.';
comment on column api.conflict_counts.mine is 'How many of the open ones the reader looks after.';
comment on column api.conflict_counts.oldest is 'When the oldest of the open ones was opened.';
grant select on api.conflict_counts to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.conflict_counts
for each row execute function private.tg__refuse_write();
