-- What does the observed number mean for this member's record? Read without a lock first: a login that only confirms, the
-- daily case, waits for nobody. Otherwise the number and then the record are locked, and the record is read again, because
-- two logins may both have seen it empty.
create or replace function private.judge_number(p_observation registry.observations)
returns private.judgement
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_indexes constant text[] := p_observation.personnummer_index || p_observation.personnummer_index_previous;
  v_recorded text;
  v_other uuid;
begin
  if p_observation.personnummer_index is null then
    return row('absent', null)::private.judgement;
  end if;
  select m.personnummer_index into v_recorded from registry.members as m where m.id = p_observation.member_id;
  if v_recorded is distinct from p_observation.personnummer_index then
    perform private.lock_number(p_observation.organization_id, p_observation.personnummer_masked);
    select m.personnummer_index into v_recorded from registry.members as m
    where m.id = p_observation.member_id and m.merged_into is null and m.erased_at is null for no key update;
    if not found then
      raise exception 'The record was merged into another, or the person erased, meanwhile.' using errcode = 'serialization_failure';
    end if;
  end if;
  if v_recorded = any (v_indexes) then
    return row('confirmed', null)::private.judgement;
  end if;
  select m.id into v_other from registry.members as m
  where m.organization_id = p_observation.organization_id and m.personnummer_index = any (v_indexes);
  return row(
    case when v_recorded is not null then 'conflict' when v_other is not null then 'duplicate' else 'filled' end,
    v_other
  )::private.judgement;
end
$$;
comment on function private.judge_number is 'In: an observation with its member. Out: filled, confirmed, conflict, duplicate or absent, and who else has the number. Locks the record unless it agrees.';
