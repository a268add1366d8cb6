-- What the audit says of a person, under any of the ids that point at them, and what is counted to be said when the hour is over.
create or replace function private.erase_events(p private.person)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_events integer;
  v_repeated integer;
begin
  v_events := audit.redact_events(array(
    select e.id from audit.events as e where e.member_id = any (p.member_ids)
    union select e.id from audit.events as e where e.observation_id = any (p.observation_ids)
    union select e.id from audit.events as e where e.conflict_id = any (p.conflict_ids)
    union select e.id from audit.events as e where e.push_id = any (p.push_ids)), 'erasure');
  delete from registry.repeated_events as r
  where r.member_id = any (p.member_ids) or r.conflict_id = any (p.conflict_ids) or r.push_id = any (p.push_ids);
  get diagnostics v_repeated = row_count;
  return jsonb_build_object('audit.events', v_events, 'registry.repeated_events', v_repeated);
end
$$;
comment on function private.erase_events is 'In: a locked person. Out: how many rows, by table. Redacts the audit''s events.';
