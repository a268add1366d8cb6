-- The decision, from the first question to the last row. Everything it writes is in the transaction of the login's one call.
create or replace function private.settle_observation(p_observation registry.observations)
returns registry.observations
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations := p_observation;
  v_found private.match_result;
  v_judged private.judgement;
begin
  v_found := private.find_member(o);
  o.member_id := v_found.member_id;
  o.explanation := v_found.explanation;
  o.settled_at := clock_timestamp();
  o.told := case when v_found.verdict <> 'found' then v_found.told end;
  if v_found.verdict = 'found' then
    v_judged := private.judge_number(o);
    if not private.hold_member(o.member_id) then
      raise exception 'The person was erased meanwhile.' using errcode = 'serialization_failure';
    end if;
    if v_judged.outcome not in ('confirmed', 'conflict') then -- the record has no number yet
      o := private.withhold_without_consent(o);
    end if;
    o.outcome := case when o.absent_reason is null then v_judged.outcome else 'absent' end;
    if v_found.match_rule <> 'link' then
      perform private.link_identity(o, v_found);
    end if;
  else
    o.outcome := case v_found.verdict when 'subject_moved' then 'ambiguous' else v_found.verdict::text end::registry.outcome;
  end if;
  perform private.act_on_outcome(o, v_judged.other_member_id, v_found);
  if v_found.match_rule = 'link' then
    perform private.renew_consent(o);
  end if;
  return o;
end
$$;
comment on function private.settle_observation is 'In: an observation. Out: the same with outcome, member and explanation, after everything that follows from it was written.';
