-- What waits for coordinators, by kind, as the first page of a day's work says it. Counted when it is asked for, from an index alone.
create or replace view api.conflict_counts with (security_invoker = true) as
select
  g.slug as organization, c.kind, c.open, c.postponed, c.proposed, c.mine, c.oldest
from (
  select
    known.organization_id, known.kind,
    count(*) filter (where known.state = 'open' and not known.postponed) as open,
    count(*) filter (where known.state = 'open' and known.postponed) as postponed,
    count(*) filter (where known.state = 'proposed') as proposed,
    count(*) filter (where known.state = 'open' and not known.postponed and known.mine) as mine,
    min(known.opened_at) filter (where known.state = 'open' and not known.postponed) as oldest
  from (
    select
      each.organization_id, each.kind, each.state, each.opened_at,
      coalesce(each.postponed_until > (select private.today()), false) as postponed,
      coalesce(each.assigned_to = (select private.user_of_actor(private.actor()))
        and private.is_assigned(each.assigned_to, each.assigned_until), false) as mine
    from registry.conflicts as each where each.closed_at is null
  ) as known
  group by known.organization_id, known.kind
) as c
join registry.organizations as g on g.id = c.organization_id;
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
