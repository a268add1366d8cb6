-- Puts planned rows into the member records: new ones, then those that change.
create or replace function private.write_import(p_run registry.import_runs, p_steps private.import_step[])
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into registry.members (id, organization_id, external_id, given_name, family_name, birth_date, email, phone,
    personnummer_index, personnummer_sealed, personnummer_masked, personnummer_source, personnummer_at)
  select s.member_id, p_run.organization_id, r.external_id, r.given_name, r.family_name, r.birth_date, r.email, r.phone,
    n.personnummer_index, n.personnummer_sealed, n.personnummer_masked,
    case when s.number = 'write' then 'import'::registry.source end, case when s.number = 'write' then clock_timestamp() end
  from unnest(p_steps) as s
  cross join lateral (select (s.imported).*) as r
  left join lateral (select (s.imported).*) as n on s.number = 'write'
  where s.is_new;

  update registry.members as m set
    given_name = case when 'given_name' = any (s.changed) then r.given_name else m.given_name end,
    family_name = case when 'family_name' = any (s.changed) then r.family_name else m.family_name end,
    birth_date = case when 'birth_date' = any (s.changed) then r.birth_date else m.birth_date end,
    email = case when 'email' = any (s.changed) then r.email else m.email end,
    phone = case when 'phone' = any (s.changed) then r.phone else m.phone end,
    personnummer_index = case when s.number = 'write' then r.personnummer_index else m.personnummer_index end,
    personnummer_sealed = case when s.number = 'write' then r.personnummer_sealed else m.personnummer_sealed end,
    personnummer_masked = case when s.number = 'write' then r.personnummer_masked else m.personnummer_masked end,
    personnummer_source = case when s.number = 'write' then 'import' else m.personnummer_source end,
    personnummer_at = case when s.number = 'write' then clock_timestamp() else m.personnummer_at end
  from unnest(p_steps) as s
  cross join lateral (select (s.imported).*) as r
  where m.id = s.member_id and not s.is_new and s.changed <> '{}';
end
$$;
comment on function private.write_import is 'In: a run, its steps. Makes and changes member records.';
