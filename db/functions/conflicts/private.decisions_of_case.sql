-- Which decisions make sense for which kind of case, in the order in which they are offered. A case that an import opened is about records
-- only: no login could be excluded from anybody.
create or replace function private.decisions_of_case(
  p_kind registry.conflict_kind, p_member_id uuid, p_other_member_id uuid, p_candidates uuid[], p_observation_id uuid
)
returns text[]
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array_remove(array[
    case when p_kind in ('mismatch', 'name_mismatch', 'subject_moved') or p_kind = 'ambiguous' and cardinality(p_candidates) = 1
      then 'accept_observed' end,
    case when p_kind = 'receiver_key' then 'accept_receiver_key' end,
    case when p_kind = 'erasure' then 'erase_member' end,
    case when p_kind = 'grant_snapshot' then 'freeze_snapshot' end,
    'keep_existing',
    case when p_observation_id is not null and (p_kind in ('mismatch', 'duplicate', 'ambiguous', 'name_mismatch', 'subject_moved')
      or p_kind = 'inconsistent' and p_member_id is not null) then 'not_same_person' end,
    case when p_kind in ('duplicate', 'subject_moved') or p_kind = 'mismatch' and p_other_member_id is not null then 'merge_into' end
  ], null);
end
$$;
comment on function private.decisions_of_case is 'In: what a case is about. Out: the decisions that can be made of it.';
grant execute on function private.decisions_of_case to authenticated; -- called by api.open_conflicts
