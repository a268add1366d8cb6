-- The second leg of one login brought another person, or another number, than the first. Nothing is written to the record.
create or replace function login.report_inconsistency(observation_id uuid, inconsistency text)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations;
begin
  if report_inconsistency.inconsistency is null
    or report_inconsistency.inconsistency <> all (enum_range(null::registry.inconsistency)::text[]) then
    raise exception 'The reason is not one of those known.' using errcode = 'PN002';
  end if;
  update registry.observations as known
  set inconsistency = report_inconsistency.inconsistency::registry.inconsistency,
      absent_reason = case when known.absent_reason is not null then 'inconsistent' end::registry.absent_reason
  where known.id = report_inconsistency.observation_id and known.inconsistency is null
  returning * into o;
  if found then
    perform private.record_event('inconsistent', o.source::text, o.organization_id,
      format('Two steps of one login by %s contradicted each other; nothing was written.', o.source),
      p_member_id => o.member_id, p_observation_id => o.id, p_conflict_id => (private.open_case_of_login('inconsistent', o, o.member_id)).id,
      p_detail => jsonb_build_object('inconsistency', o.inconsistency));
  end if;
end
$$;
comment on function login.report_inconsistency is 'In: an observation, numbers_differ or subject_differs. Opens a case, once.';
grant execute on function login.report_inconsistency to auth_callback;
