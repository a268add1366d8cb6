-- What of a person is still there after erasing: every column that private.personal_data calls erased, looked at in the person's rows.
create or replace function private.remains_of(p_person private.person)
returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_question text;
  v_left text[];
begin
  select string_agg(format('select %L as place, (select count(*) from %I.%I as t where %s and not (%s)) as remaining',
    q.schema_name || '.' || q.table_name, q.schema_name, q.table_name, regexp_replace(q.found_by, '\mp\.', '($1).', 'g'), q.gone), ' union all ')
  into v_question
  from (
    select d.schema_name, d.table_name, d.found_by, string_agg(distinct '(' || d.gone || ')', ' and ') as gone
    from private.personal_data as d where d.class = 'erased' group by d.schema_name, d.table_name, d.found_by) as q;
  execute format('select array_agg(r.place) from (%s) as r where r.remaining > 0', v_question) into v_left using p_person;
  return v_left;
end
$$;
comment on function private.remains_of is 'In: a person as it was before erasing (private.find_person). Out: tables in whose rows of the person something is left; null: none.';
