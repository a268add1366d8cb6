-- Puts planned rows into the member records: new ones, then those that change. One audit event for each.
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
    phone = case when 'phone' = any (s.changed) then r.phone else m.phone end
  from unnest(p_steps) as s
  cross join lateral (select (s.imported).*) as r
  where m.id = s.member_id and not s.is_new and s.changed && array['given_name', 'family_name', 'birth_date', 'email', 'phone'];
  perform private.write_residences(p_run, p_steps);
  perform private.write_memberships(p_run, p_steps);

  perform private.write_numbers(
    array_agg(s.member_id), array_agg(row(r.personnummer_index, r.personnummer_index_previous, r.personnummer_sealed, r.personnummer_masked,
      'import', clock_timestamp())::registry.number))
  from unnest(p_steps) as s
  cross join lateral (select (s.imported).*) as r
  where not s.is_new and s.number = 'write';

  perform private.record_event(
    case when s.is_new then 'member_added' else 'member_updated' end, 'import', p_run.organization_id,
    format(case when s.is_new then 'An import added the member record%2$s.' else 'An import changed %1$s of the member record%2$s.' end,
      replace(array_to_string(s.changed, ', '), '_', ' '),
      case when s.number = 'write' then format(', with the personnummer %s', (s.imported).personnummer_masked) end),
    p_member_id => s.member_id,
    p_detail => jsonb_strip_nulls(jsonb_build_object(
      'import_run_id', p_run.id, 'line', (s.imported).line, 'changed', nullif(to_jsonb(s.changed), '[]'),
      'personnummer', case when s.number = 'write' then (s.imported).personnummer_masked end)))
  from unnest(p_steps) as s
  where s.is_new or s.changed <> '{}';
end
$$;
comment on function private.write_import is 'In: a run, its steps. Makes and changes member records, with their audit events.';
