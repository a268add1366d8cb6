-- A refusal is an answer, not an exception: raised, it would roll back its own audit row.
-- PostgREST takes the HTTP status from the setting response.status, and commits.
create or replace function private.refuse(p_action text, p_code text, p_id uuid)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message text;
  v_status integer;
  -- Whose coordinator asked; null for one of several organisations, and for none.
  v_organization_id constant uuid := (
    select min(o.id::text)::uuid from unnest(private.coordinator_organizations()) as o(id) having count(*) = 1);
begin
  select r.status, r.message into v_status, v_message from private.refusals() as r where r.code = p_code;
  perform set_config('response.status', v_status::text, true);
  -- Counted for each coordinator; those who are none, and of whom there may be any number, together.
  perform private.record_repeatable(
    concat_ws(' ', case when private.coordinator_organizations() = '{}' then 'nobody' else private.actor() end, p_action, p_code),
    'refused', 'coordinator', v_organization_id, format('Refused: %s (%s).', p_action, replace(p_code, '_', ' ')),
    p_detail => jsonb_build_object('action', p_action, 'code', p_code, 'id', p_id));
  return jsonb_build_object('code', p_code, 'message', v_message, 'details', null, 'hint', null);
end
$$;
comment on function private.refuse is 'In: what was asked, code of the refusal, the id asked about. Out: the answer, in the shape supabase-js reads errors from. Sets the HTTP status; appends the audit event, or counts it.';
