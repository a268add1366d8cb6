-- An hour is over: what was counted in it is said, once for each kind, in the name of who did it where that was one.
create or replace function private.record_repetitions()
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_said integer;
begin
  with over as (
    delete from registry.repeated_events as r
    where (r.kind, r.hour) in (
      select due.kind, due.hour from registry.repeated_events as due
      where due.hour < date_trunc('hour', clock_timestamp()) limit 1000 for update skip locked)
    returning r.*
  ), said as (
    select private.record_event(o.event, o.source, o.organization_id,
      o.message || format(' The same happened %s more times within the hour.', o.times - 5),
      p_member_id => o.member_id, p_conflict_id => o.conflict_id, p_push_id => o.push_id,
      p_detail => o.detail || jsonb_build_object('repeated', o.times - 5, 'hour', o.hour), p_actor => o.actor)
    from over as o where o.times > 5
  )
  select count(*)::integer into v_said from said;
  return v_said;
end
$$;
comment on function private.record_repetitions is 'Out: how many counts of hours that are over became events.';
