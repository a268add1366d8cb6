-- A new record is counted as added, not as changed; what its row says of membership is to be written all the same.
create or replace function private.changed_of(p_run registry.import_runs, s private.import_step)
returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when s.is_new then private.changed_membership(p_run.columns, s.member_id, s.imported) else s.changed end;
end
$$;
comment on function private.changed_of is 'In: a run, a step of it. Out: what is to be written of residence, membership and dues, besides other columns.';
