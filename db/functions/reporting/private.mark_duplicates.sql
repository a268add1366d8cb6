-- Counted persons of one name and one birth date are probably one, unless each has a verified number: those are two. They are listed and
-- stay counted.
create or replace function private.mark_duplicates(p_snapshot_id uuid)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with alike as (
    select array_agg(p.nth) as rows, min(p.nth) as first
    from reporting.snapshot_persons as p join registry.members as m on m.id = p.member_id
    where p.snapshot_id = p_snapshot_id and p.reason is null and m.birth_date is not null and p.name is not null
    group by private.lower_letters(normalize(p.name, NFD)), m.birth_date
    having count(*) > 1 and not bool_and(p.verified)
  )
  update reporting.snapshot_persons as p set probable_group = a.nth
  from (select unnest(alike.rows) as row, row_number() over (order by alike.first) as nth from alike) as a
  where p.snapshot_id = p_snapshot_id and p.nth = a.row
$$;
comment on function private.mark_duplicates is 'In: a draft whose persons are written. Gives persons who are probably one the same group.';
