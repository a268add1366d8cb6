-- A refusal is an answer, not an exception: raised, it would roll back its own audit row.
create or replace function private.record_refusal(p_action text, p_code text, p_id uuid)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_member_id constant uuid := private.calling_member();
  -- Whose coordinator or member asked; null for one of several organisations, and for none.
  v_organization_id constant uuid := coalesce(
    (select m.organization_id from registry.members as m where m.id = v_member_id),
    (select min(o.id::text)::uuid from unnest(private.coordinator_organizations()) as o(id) having count(*) = 1));
begin
  -- Counted for each coordinator and member; those who are none, and of whom there may be any number, together.
  perform private.record_repeatable(
    concat_ws(' ', case when v_member_id is null and private.coordinator_organizations() = '{}' then 'nobody' else private.actor() end,
      p_action, p_code),
    'refused', case when v_member_id is null then 'coordinator' else 'app' end, v_organization_id,
    format('Refused: %s (%s).', p_action, replace(p_code, '_', ' ')), p_member_id => v_member_id,
    p_detail => jsonb_build_object('action', p_action, 'code', p_code, 'id', p_id));
end
$$;
comment on function private.record_refusal is 'In: what was asked, code of the refusal, the id asked about. Appends the audit event, or counts it.';
