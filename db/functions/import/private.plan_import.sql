-- What each row of an import comes to, before anything is written. The rows' numbers differ from each other and so do their
-- external ids; the caller sees to that. A merged record is only a mark of where it went, and is left alone, and
-- so is one of a person who is being erased; but a merged record may still be the one under which the member system has residence and dues.
create or replace function private.plan_import(p_run registry.import_runs, p_rows private.imported_member[])
returns setof private.import_step
language sql volatile rows 10
set search_path = pg_catalog, pg_temp
as $$
  select
    coalesce(m.id, gen_random_uuid()),
    m.id is null,
    case when m.id is null or m.merged_into is not null or m.erasure_id is not null then '{}' else
      private.changed_columns(p_run.columns, m, r) || case when n.step = 'write' then array['personnummer'] else '{}' end
    end || case when m.id is not null and m.erasure_id is null then private.changed_membership(p_run.columns, m.id, r) else '{}' end,
    n.step,
    holder.id,
    r
  from unnest(p_rows) as r
  left join registry.members as m on m.organization_id = p_run.organization_id and m.external_id = r.external_id
  left join lateral (
    select h.id from registry.members as h
    where h.organization_id = p_run.organization_id
      and h.personnummer_index = any (r.personnummer_index || coalesce(r.personnummer_index_previous, '{}'))
    limit 1
  ) as holder on r.personnummer_index is not null
  cross join lateral (
    select case
      when r.personnummer_index is null or m.merged_into is not null or m.erasure_id is not null or holder.id = m.id then 'none'
      when private.number_is_verified(m) then 'conflict'
      when holder.id is not null or p_run.dry_run and exists (
        select from registry.import_lines as l where l.run_id = p_run.id and l.personnummer_index = r.personnummer_index)
        -- An earlier row waits for it (not ranked yet, so the file is still being read), and comes first.
        or exists (
          select from registry.waiting_numbers as w
          where w.run_id = p_run.id and w.personnummer_index = r.personnummer_index and w.nth is null) then 'duplicate'
      else 'write'
    end::private.number_step as step
  ) as n
$$;
comment on function private.plan_import is 'In: a run, rows with different numbers and external ids. Out: one step for each. Writes nothing.';
