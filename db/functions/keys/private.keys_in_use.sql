-- When may an old key go? When nothing is left that it made. Every place that holds an index or a sealed value is counted here; test/db/
-- keys-in-use.test.ts looks for others in the catalog. A row that knows its number under a newer key too does not need the older one.
create or replace function private.keys_in_use()
returns table (kind text, key text, place text, rows bigint)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with held(place, index, sealed) as (
    select 'registry.members', m.personnummer_index, m.personnummer_sealed from registry.members as m
    union all select 'registry.observations', o.personnummer_index, o.personnummer_sealed from registry.observations as o
    union all select 'registry.conflicts', c.personnummer_index, null from registry.conflicts as c
    union all select 'registry.resolutions', number.index, number.sealed from registry.resolutions as r
      cross join lateral unnest(array[(r.before).number, (r.before).survivor_number]) as number
    union all select 'registry.offered_numbers', n.personnummer_index, n.personnummer_sealed from registry.offered_numbers as n
    union all select 'registry.waiting_numbers', w.personnummer_index, w.personnummer_sealed from registry.waiting_numbers as w
    union all select 'registry.import_lines', l.personnummer_index, null from registry.import_lines as l
    union all select 'sync.pushes', p.personnummer_index, p.receiver_sealed from sync.pushes as p
    union all select 'sync.files', null, f.content from sync.files as f
  )
  select 'index', split_part(h.index, '.', 1), h.place, count(*) from held as h where h.index is not null group by 2, 3
  union all
  select 'sealed', s.kid, s.place, count(*)
  from (select private.sealing_key(h.sealed) as kid, h.place from held as h where h.sealed is not null) as s group by 2, 3
  order by 1, 2, 3
$$;
comment on function private.keys_in_use is 'Out: of each key (kind index: version of the index secret; kind sealed: kid of the sealing key, or of the organisation''s own receiver_key) how many rows of which table need it. Reads whole tables.';
