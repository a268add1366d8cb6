-- A table that keeps its rows does not grow with what one person repeats.
create or replace function private.why_not_comment(p_conflict_id uuid)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when (
      select count(*) >= 200 from registry.conflict_comments as k where k.organization_id = c.organization_id and k.conflict_id = c.id)
    then 'too_many_comments' end
  from registry.conflicts as c where c.id = p_conflict_id
$$;
comment on function private.why_not_comment is 'In: a case. Out: code of the refusal where it has too many comments already, null: go ahead.';
