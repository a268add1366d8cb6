-- Persons: that they were taken out is written down, or counted.
create or replace function private.grant_list(p_snapshot_id uuid, p_what text, p_after integer, p_most integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s constant reporting.snapshots := private.snapshot_of_caller(p_snapshot_id);
  v_refusal constant text := case
    when s.id is null then 'not_found'
    when (p_what = any (array['counted', 'not_counted', 'duplicates', 'places']) and p_after >= 0 and p_most between 1 and 1000) is not true
      then 'list_unusable'
  end;
begin
  if v_refusal is not null then
    return private.refuse('grant_list', v_refusal, p_snapshot_id);
  end if;
  perform private.record_repeatable(concat_ws(' ', private.actor(), s.id, p_what), 'grant_list_taken', 'coordinator', s.organization_id,
    'A list of members was taken from what was counted for a grant.', p_detail => jsonb_build_object('snapshot_id', s.id, 'what', p_what));
  return jsonb_build_object('rows', private.snapshot_rows(s, p_what, p_after, p_most));
end
$$;
comment on function private.grant_list is 'See api.grant_list.';
grant execute on function private.grant_list to authenticated;
