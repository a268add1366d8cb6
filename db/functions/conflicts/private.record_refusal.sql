-- A refusal is an answer, not an exception: raised, it would roll back its own audit row.
create or replace function private.record_refusal(p_action text, p_code text, p_id uuid)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- Whose coordinator asked; null for one of several organisations, and for none.
  v_organization_id constant uuid := (
    select min(o.id::text)::uuid from unnest(private.coordinator_organizations()) as o(id) having count(*) = 1);
begin
  -- Counted for each coordinator; those who are none, and of whom there may be any number, together.
  perform private.record_repeatable(
    concat_ws(' ', case when private.coordinator_organizations() = '{}' then 'nobody' else private.actor() end, p_action, p_code),
    'refused', 'coordinator', v_organization_id, format('Refused: %s (%s).', p_action, replace(p_code, '_', ' ')),
    p_detail => jsonb_build_object('action', p_action, 'code', p_code, 'id', p_id));
end
$$;
comment on function private.record_refusal is 'In: what was asked, code of the refusal, the id asked about. Appends the audit event, or counts it.';
