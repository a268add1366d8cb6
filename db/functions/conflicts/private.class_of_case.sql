-- Cases of one kind and class are one question asked many times, so they may be answered together (api.resolve_conflicts): the same decisions
-- can be made of them, and the same things agree and disagree.
create or replace function private.class_of_case(p_kind registry.conflict_kind, p_decisions text[], p_detail jsonb)
returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return concat_ws(' / ',
    array_to_string(p_decisions, ' '),
    case when p_kind = 'mismatch' then coalesce(nullif(concat_ws(' ',
      case when (p_detail -> 'd_number_to_personnummer') = 'true' then 'd_number_to_personnummer' end,
      case when (p_detail -> 'same_birth_date') = 'true' then 'same_birth_date' end,
      case when (p_detail -> 'recorded_synthetic') is distinct from (p_detail -> 'observed_synthetic') then 'one_synthetic' end,
      case when (p_detail -> 'older_than_record') = 'true' then 'older_than_record' end), ''), 'other_birth_date') end,
    case when p_kind in ('ambiguous', 'name_mismatch') then p_detail ->> 'match_rule' end,
    case when p_kind in ('ambiguous', 'name_mismatch') then 'disagreed: ' || coalesce(p_detail ->> 'disagreed', '[]') end,
    case when p_kind in ('push_failed', 'member_system') then p_detail ->> 'error_code' end,
    case when p_kind = 'drift' then p_detail ->> 'found' end);
end
$$;
comment on function private.class_of_case is 'In: kind of a case, the decisions it offers, its detail. Out: its class, in words that are compared and not read.';
