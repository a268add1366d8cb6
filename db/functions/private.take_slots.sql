-- private.take_slot for many. Every push gets another place of its member system, and those for whom there is none are left out.
create or replace function private.take_slots(p_ids uuid[])
returns jsonb
language plpgsql volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
  return (
    with wanted as materialized (
      select p.id, p.organization_id, row_number() over (partition by p.organization_id order by p.id) as nth
      from sync.pushes as p where p.id = any (p_ids)
    ), free as materialized (
      select s.organization_id, n as slot, row_number() over (partition by s.organization_id order by random()) as nth
      from sync.member_systems as s
      cross join lateral (
        select n from generate_series(1, 100) as n where n <= s.concurrency
        except
        select p.slot from sync.pushes as p
        where p.organization_id = s.organization_id and p.state = 'sending' and p.lease_expires_at > clock_timestamp()
      ) as unused(n)
      where s.organization_id in (select w.organization_id from wanted as w)
    ), chosen as materialized (
      select w.id, f.organization_id, f.slot from wanted as w
      join free as f on f.organization_id = w.organization_id and f.nth = w.nth
    )
    select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'slot', c.slot)), '[]')
    from chosen as c
    where pg_try_advisory_xact_lock(hashtextextended(c.organization_id || ' slot ' || c.slot, 0)));
end
$$;
comment on function private.take_slots is 'In: locked pushes. Out: a JSON list of id and slot, each locked until the transaction ends. The caller looks again whether a slot is free.';
