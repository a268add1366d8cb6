-- A first day that comes while a membership lasts corrects its first day; one that comes after it ended begins another. Dues of a year are as the
-- last import says. A first day from before an earlier membership says that there was one all the time.
create or replace function private.write_memberships(p_run registry.import_runs, p_steps private.import_step[])
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  delete from reporting.memberships as k
  using unnest(p_steps) as s cross join lateral (select (s.imported).*) as r
  where k.member_id = s.member_id and k.since >= r.member_since and 'membership' = any (private.changed_of(p_run, s))
    and k.since < (select max(later.since) from reporting.memberships as later where later.member_id = s.member_id);

  with given as (
    select s.member_id, r.member_since as since, r.member_until as until, 'member_until' = any (p_run.columns) as has_until
    from unnest(p_steps) as s cross join lateral (select (s.imported).*) as r
    where 'membership' = any (private.changed_of(p_run, s))
  ), latest as (
    select distinct on (k.member_id) k.member_id, k.since, k.until from reporting.memberships as k join given as g on g.member_id = k.member_id
    order by k.member_id, k.since desc nulls last
  ), corrected as (
    update reporting.memberships as k
    set since = least(coalesce(g.since, k.since), case when g.has_until then g.until end),
        until = case when g.has_until then g.until when k.until >= g.since is not false then k.until end
    from given as g join latest as l on l.member_id = g.member_id
    where k.member_id = l.member_id and k.since is not distinct from l.since
      and (g.since is null or l.since is null or l.since >= g.since or l.until is null or l.until >= g.since)
    returning k.member_id
  )
  insert into reporting.memberships (organization_id, member_id, since, until)
  select p_run.organization_id, g.member_id, g.since, g.until from given as g
  where not exists (select from corrected as c where c.member_id = g.member_id);

  insert into reporting.dues as known (organization_id, member_id, year, paid_on, amount)
  select p_run.organization_id, s.member_id, r.dues_year, r.dues_paid_on, r.dues_amount
  from unnest(p_steps) as s cross join lateral (select (s.imported).*) as r
  where 'dues' = any (private.changed_of(p_run, s))
  on conflict (member_id, year) do update set paid_on = excluded.paid_on, amount = excluded.amount
$$;
comment on function private.write_memberships is 'In: a run, its steps. Writes from when until when the members are members, and what they paid.';
