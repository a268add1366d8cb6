-- In a case of these kinds it is asked whose a number is, or which number a record has; the others are about deliveries, keys and consents.
create or replace function private.disputes_number(p_kind registry.conflict_kind)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
  select p_kind in ('mismatch', 'duplicate', 'ambiguous', 'name_mismatch', 'inconsistent', 'subject_moved');
end;
comment on function private.disputes_number is 'In: kind of a case. Out: whether pushes of the numbers in it wait for it.';
