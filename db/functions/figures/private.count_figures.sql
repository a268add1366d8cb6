-- The figures of now, each by one pass over its table for all organisations; what coordinators have a list of, by that list.
create or replace function private.count_figures()
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into registry.figures as f (organization_id, members, with_number, confirmed_last_12_months, unlinked_logins, pending_pushes,
    failed_pushes, counted_at, counted_in)
  select g.id, coalesce(m.members, 0), coalesce(m.with_number, 0), coalesce(o.confirmed, 0), coalesce(u.unlinked, 0), coalesce(p.pending, 0),
    coalesce(s.failed, 0), clock_timestamp(), '0'
  from registry.organizations as g
  left join (
    select known.organization_id, count(*) as members, count(known.personnummer_index) as with_number
    from registry.members as known where known.merged_into is null and known.erased_at is null group by 1
  ) as m on m.organization_id = g.id
  left join (
    select seen.organization_id, count(*) as confirmed from (
      select distinct each.organization_id, each.member_id from registry.observations as each
      where each.outcome in ('filled', 'confirmed') and each.received_at > now() - interval '12 months') as seen
    group by 1
  ) as o on o.organization_id = g.id
  left join (select login.organization, count(*) as unlinked from api.unlinked_logins as login group by 1) as u on u.organization = g.slug
  left join (
    select push.organization_id, count(*) as pending from sync.pushes as push where push.settled_at is null group by 1
  ) as p on p.organization_id = g.id
  left join (
    select push.organization, count(*) as failed from api.failed_syncs as push where push.state in ('rejected', 'given_up') group by 1
  ) as s on s.organization = g.slug
  on conflict (organization_id) do update
  set members = excluded.members, with_number = excluded.with_number, confirmed_last_12_months = excluded.confirmed_last_12_months,
      unlinked_logins = excluded.unlinked_logins, pending_pushes = excluded.pending_pushes, failed_pushes = excluded.failed_pushes,
      counted_at = excluded.counted_at
$$;
comment on function private.count_figures is 'Counts registry.figures of all organisations anew.';
