-- An observation whose member is known already has got its number after all.
create or replace function private.decide_again(p_observation registry.observations)
returns registry.observations
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations := p_observation;
  v_judged constant private.judgement := private.judge_number(o);
begin
  o.outcome := v_judged.outcome;
  o.settled_at := clock_timestamp();
  perform private.act_on_outcome(o, v_judged.other_member_id, null);
  perform private.store_decision(o);
  return o;
end
$$;
comment on function private.decide_again is 'In: an observation with its member and a number. Out: the same with its outcome, after everything that follows from it was written.';
