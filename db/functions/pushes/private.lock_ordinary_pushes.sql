-- Those of some pushes that can be sent without a second thought. One that somebody else has locked is left out, so that a
-- coordinator's retry of one change holds up no others.
create or replace function private.lock_ordinary_pushes(p_ids uuid[])
returns uuid[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select array_agg(locked.id)
    from (
      select p.id from sync.pushes as p
      join sync.member_systems as s on s.organization_id = p.organization_id and s.kind <> 'file' and s.rate_per_second is null
      join registry.members as m on m.id = p.member_id and m.merged_into is null
        and m.personnummer_index is not distinct from p.personnummer_index
      where p.id = any (p_ids) and p.state = 'pending' and p.next_attempt_at <= clock_timestamp() + interval '1 second'
        and not exists (select from sync.breakers as b where b.organization_id = p.organization_id and b.state <> 'closed')
        and not exists (
          select from sync.pushes as other
          where other.organization_id = p.organization_id and other.member_id = p.member_id and other.id <> p.id
            and other.state = 'sending' and other.lease_expires_at > clock_timestamp())
      order by p.id
      for update of p skip locked
    ) as locked);
end
$$;
comment on function private.lock_ordinary_pushes is 'In: pushes. Out: those that are due, unlocked, not obsolete, and held up by nothing; null: none.';
