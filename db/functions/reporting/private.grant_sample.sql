-- Persons: that they were taken out is written down, or counted.
create or replace function private.grant_sample(p_snapshot_id uuid, p_size integer, p_seed text)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s constant reporting.snapshots := private.snapshot_of_caller(p_snapshot_id);
  v_refusal constant text := case
    when s.id is null then 'not_found'
    when (p_size between 1 and 1000 and length(p_seed) <= 100) is not true then 'list_unusable'
  end;
begin
  if v_refusal is not null then
    return private.refuse('grant_sample', v_refusal, p_snapshot_id);
  end if;
  perform private.record_repeatable(concat_ws(' ', private.actor(), s.id, 'sample'), 'grant_list_taken', 'coordinator', s.organization_id,
    'A list of members was taken from what was counted for a grant.', p_detail => jsonb_build_object('snapshot_id', s.id, 'what', 'sample'));
  return jsonb_build_object('rows', private.draw_sample(s, p_size, p_seed));
end
$$;
comment on function private.grant_sample is 'See api.grant_sample.';
grant execute on function private.grant_sample to authenticated;
