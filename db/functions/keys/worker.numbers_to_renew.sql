-- What has to be made anew while a key turns over, a page of a table at a time: by id, so that whoever was stopped goes on where he was.
-- Rows that need nothing are in the page too, without their number, so that a page says how far it goes.
create or replace function worker.numbers_to_renew(place text, after uuid, most integer, index_version text, sealing_kid text)
returns table (id uuid, nth integer, organization_id uuid, personnummer_index text, personnummer_sealed text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    with page(id, nth, organization_id, index, sealed) as (
      (select m.id, 1, m.organization_id, m.personnummer_index, m.personnummer_sealed from registry.members as m
       where numbers_to_renew.place = 'members' and (numbers_to_renew.after is null or m.id > numbers_to_renew.after)
       order by m.id limit least(numbers_to_renew.most, 1000))
      union all
      (select o.id, 1, o.organization_id, o.personnummer_index, o.personnummer_sealed from registry.observations as o
       where numbers_to_renew.place = 'observations' and (numbers_to_renew.after is null or o.id > numbers_to_renew.after)
       order by o.id limit least(numbers_to_renew.most, 1000))
      union all
      (select n.conflict_id, 1, c.organization_id, n.personnummer_index, n.personnummer_sealed
       from registry.offered_numbers as n join registry.conflicts as c on c.id = n.conflict_id
       where numbers_to_renew.place = 'offered_numbers' and (numbers_to_renew.after is null or n.conflict_id > numbers_to_renew.after)
       order by n.conflict_id limit least(numbers_to_renew.most, 1000))
      union all
      select r.id, number.nth::integer, r.organization_id, number.index, number.sealed
      from (select known.id, known.organization_id, known.before from registry.resolutions as known
            where numbers_to_renew.place = 'resolutions' and (numbers_to_renew.after is null or known.id > numbers_to_renew.after)
            order by known.id limit least(numbers_to_renew.most, 1000)) as r
      cross join lateral unnest(array[(r.before).number, (r.before).survivor_number]) with ordinality
        as number(index, previous, sealed, masked, source, at, nth)
    )
    select p.id, p.nth, p.organization_id, case when due.yes then p.index end, case when due.yes then p.sealed end
    from page as p
    cross join lateral (
      select p.sealed is not null and (split_part(p.index, '.', 1) <> numbers_to_renew.index_version
        or private.sealing_key(p.sealed) <> numbers_to_renew.sealing_kid) is true as yes) as due
    order by p.id, p.nth;
end
$$;
comment on function worker.numbers_to_renew is 'In: members, observations, offered_numbers or resolutions; the id after which to go on (null: from the first); most rows; the version of the index secret and the kid of the sealing key that every number should have (null: any). Out: the next rows by id; those that are due with their number.';
grant execute on function worker.numbers_to_renew to sync_worker;
