-- One person once: records that a coordinator merged, and records of which one's login brought the number of the other and nobody has said yet
-- that they are two. Of those the one that holds the number stands for the person. Records alike in name and birth date are not made one.
create or replace function private.persons_of(p_organization_id uuid)
returns table (member_id uuid, person_id uuid, reason reporting.not_counted)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive up(id, root) as (
    select m.id, m.merged_into from registry.members as m
    where m.organization_id = p_organization_id and m.merged_into is not null and m.erased_at is null
    union all
    select u.id, m.merged_into from up as u join registry.members as m on m.id = u.root where m.merged_into is not null
  ), merged as (
    select u.id, u.root from up as u join registry.members as m on m.id = u.root where m.merged_into is null
  ), same(a, b) as (
    select coalesce(x.root, c.member_id), coalesce(y.root, c.other_member_id)
    from registry.conflicts as c
    left join merged as x on x.id = c.member_id
    left join merged as y on y.id = c.other_member_id
    where c.organization_id = p_organization_id and c.kind = 'duplicate' and c.closed_at is null
  ), both_ways(a, b) as (
    select s.a, s.b from same as s union select s.b, s.a from same as s
  ), reached(a, b) as (
    select w.a, w.a from both_ways as w
    union
    select r.a, w.b from reached as r join both_ways as w on w.a = r.b
  ), representative as (
    select distinct on (r.a) r.a as id, r.b as root from reached as r join registry.members as m on m.id = r.b
    where m.erased_at is null order by r.a, m.personnummer_index is null, r.b
  )
  select m.id, coalesce(n.root, g.root, m.id),
    case when m.merged_into is not null then 'merged' when n.root <> m.id then 'same_number' end::reporting.not_counted
  from registry.members as m
  left join merged as g on g.id = m.id
  left join representative as n on n.id = coalesce(g.root, m.id)
  where m.organization_id = p_organization_id and m.erased_at is null
$$;
comment on function private.persons_of is 'In: an organisation. Out: every record, the record that stands for its person, and why it is not counted itself; null: it stands for the person.';
