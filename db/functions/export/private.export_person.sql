-- The right of access: every row that is about a person, by the catalog of personal data (private.personal_data), under the name of its table. What
-- is left out is named: forms of the number and of tokens that are there so that nobody can read them (the number itself is given masked, or by
-- the command sealed for whoever asks), the receipt of an erasure, which is given out once, and tables that this function's owner may not read.
-- Of cases only those about the person: one in which the person is only the other member tells of that other.
create or replace function private.export_person(p private.person)
returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_hidden constant text := '(^|_)(index|index_previous|sealed|hash|salt|challenge)$|^(content|before|other_member_id|candidates|receipt)$';
  v_person private.person := p;
  v_table record;
  v_rows jsonb;
  v_tables jsonb := '{}'::jsonb;
  v_left_out jsonb := '{}'::jsonb;
begin
  v_person.conflict_ids := array(
    select c.id from registry.conflicts as c
    where c.id = any (p.conflict_ids) and (c.member_id = any (p.member_ids) or c.observation_id = any (p.observation_ids)));
  for v_table in
    select d.schema_name || '.' || d.table_name as name, format('%I.%I', d.schema_name, d.table_name)::regclass as id,
      string_agg(distinct '(' || d.found_by || ')', ' or ') as found_by,
      coalesce(array_agg(d.column_name) filter (where d.column_name ~ v_hidden), '{}') as hidden
    from private.personal_data as d
    where d.found_by is not null
    group by d.schema_name, d.table_name order by d.schema_name, d.table_name
  loop
    if v_table.name = 'billing.invoices' then
      -- Another owner's, who gives out a person's rows for this and for nothing else.
      v_rows := billing.export_invoices(p.organization_id, p.member_ids);
      v_tables := v_tables || case when v_rows is null then '{}' else jsonb_build_object(v_table.name, v_rows) end;
      continue;
    elsif not has_table_privilege(v_table.id, 'select') then
      v_left_out := v_left_out || jsonb_build_object(v_table.name, '*');
      continue;
    end if;
    execute format('select jsonb_agg(jsonb_strip_nulls(to_jsonb(t) - $2)) from %s as t, (select ($1).*) as p where %s',
      v_table.id, v_table.found_by) into v_rows using v_person, v_table.hidden;
    if v_rows is not null then
      v_tables := v_tables || jsonb_build_object(v_table.name, v_rows);
      if v_table.hidden <> '{}' then
        v_left_out := v_left_out || jsonb_build_object(v_table.name, v_table.hidden);
      end if;
    end if;
  end loop;
  return jsonb_build_object('exported_at', now(), 'tables', v_tables, 'left_out', v_left_out);
end
$$;
comment on function private.export_person is 'In: everything by which a person''s rows are found (private.find_person). Out: {"exported_at", "tables": {table: [rows]}, "left_out": {table: [columns], or * for the whole table}}. Numbers are masked.';
