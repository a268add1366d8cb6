-- Logins go on while an import runs. Who is about to give a number to a member meets them at the number and then at the
-- record, in the same order as a login does. Numbers that their members have already are not locked, so importing the same
-- file again disturbs nobody.
create or replace function private.lock_imported(p_run registry.import_runs, p_rows private.imported_member[])
returns uuid[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_locked uuid[];
begin
  perform private.lock_number(p_run.organization_id, n.masked)
  from (
    select distinct r.personnummer_masked as masked
    from unnest(p_rows) as r
    where r.personnummer_index is not null and not exists (
      select from registry.members as m
      where m.organization_id = p_run.organization_id and m.external_id = r.external_id and m.personnummer_index = r.personnummer_index)
    order by 1
  ) as n;
  select array_agg(m.id) into v_locked from (
    select known.id from registry.members as known
    where known.id in (
      select s.member_id from private.plan_import(p_run, p_rows) as s where not s.is_new and s.changed <> '{}' or s.number = 'conflict')
    order by known.id for no key update) as m;
  return v_locked;
end
$$;
comment on function private.lock_imported is 'In: a run, its rows. Out: the members that are locked now. Waits until no login is about to change the same numbers or records.';
