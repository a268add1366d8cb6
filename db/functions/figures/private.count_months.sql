-- Whoever reads a chart lives in Norway: a login at half past midnight on the first belongs to the new month there, in Greenwich to the old one.
-- Months are counted from the rows, again and again while they may still change: the running one and the two before it (a decision can be taken
-- back for 30 days). Retention takes numbers and contact data out of rows, never a row, and older months are left as they are.
create or replace function private.count_months()
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_running constant timestamptz := date_trunc('month', now(), 'Europe/Oslo');
  v_from constant timestamptz := least(date_trunc('month', v_running - interval '32 days', 'Europe/Oslo'), coalesce(
    (select max(f.month)::timestamp at time zone 'Europe/Oslo' from registry.monthly_figures as f),
    (select date_trunc('month', min(o.received_at), 'Europe/Oslo') from registry.observations as o)));
begin
  insert into registry.monthly_figures as f (organization_id, month, members_with_number, filled, confirmed, conflict, duplicate, absent, unlinked,
    ambiguous, name_mismatch, cases_opened, cases_settled, deliveries_done, deliveries_failed, counted_at)
  select g.id, (t.month at time zone 'Europe/Oslo')::date, case when t.month = v_running then n.with_number end,
    coalesce(o.filled, 0), coalesce(o.confirmed, 0), coalesce(o.conflict, 0), coalesce(o.duplicate, 0), coalesce(o.absent, 0),
    coalesce(o.unlinked, 0), coalesce(o.ambiguous, 0), coalesce(o.name_mismatch, 0),
    coalesce(c.opened, 0), coalesce(r.settled, 0), coalesce(p.done, 0), coalesce(p.failed, 0), clock_timestamp()
  from registry.organizations as g
  cross join (
    select local.month at time zone 'Europe/Oslo' as month
    from generate_series(v_from at time zone 'Europe/Oslo', v_running at time zone 'Europe/Oslo', interval '1 month') as local(month)
  ) as t
  join registry.figures as n on n.organization_id = g.id
  left join (
    select login.organization_id, date_trunc('month', login.received_at, 'Europe/Oslo') as month,
      count(*) filter (where login.outcome = 'filled') as filled, count(*) filter (where login.outcome = 'confirmed') as confirmed,
      count(*) filter (where login.outcome = 'conflict') as conflict, count(*) filter (where login.outcome = 'duplicate') as duplicate,
      count(*) filter (where login.outcome = 'absent') as absent, count(*) filter (where login.outcome = 'unlinked') as unlinked,
      count(*) filter (where login.outcome = 'ambiguous') as ambiguous, count(*) filter (where login.outcome = 'name_mismatch') as name_mismatch
    from registry.observations as login where login.received_at >= v_from group by 1, 2
  ) as o on o.organization_id = g.id and o.month = t.month
  left join (
    select known.organization_id, date_trunc('month', known.opened_at, 'Europe/Oslo') as month, count(*) as opened
    from registry.conflicts as known where known.opened_at >= v_from group by 1, 2
  ) as c on c.organization_id = g.id and c.month = t.month
  left join (
    select decided.organization_id, date_trunc('month', decided.decided_at, 'Europe/Oslo') as month, count(*) as settled
    from registry.resolutions as decided where decided.decided_at >= v_from and decided.undone_at is null group by 1, 2
  ) as r on r.organization_id = g.id and r.month = t.month
  left join (
    select push.organization_id, date_trunc('month', push.settled_at, 'Europe/Oslo') as month,
      count(*) filter (where push.state = 'delivered') as done, count(*) filter (where push.state in ('rejected', 'given_up')) as failed
    from sync.pushes as push where push.settled_at >= v_from group by 1, 2
  ) as p on p.organization_id = g.id and p.month = t.month
  on conflict (organization_id, month) do update
  set members_with_number = coalesce(excluded.members_with_number, f.members_with_number), filled = excluded.filled,
      confirmed = excluded.confirmed, conflict = excluded.conflict, duplicate = excluded.duplicate, absent = excluded.absent,
      unlinked = excluded.unlinked, ambiguous = excluded.ambiguous, name_mismatch = excluded.name_mismatch,
      cases_opened = excluded.cases_opened, cases_settled = excluded.cases_settled, deliveries_done = excluded.deliveries_done,
      deliveries_failed = excluded.deliveries_failed, counted_at = excluded.counted_at;
end
$$;
comment on function private.count_months is 'Counts registry.monthly_figures anew: the running month, the two before it, and those that are missing in between.';
