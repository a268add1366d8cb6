-- Lists for the auditor, by the operator. A sample is drawn, another list is read on.
create or replace function worker.grant_rows(organization text, snapshot_id uuid, what text, after integer, most integer, seed text default '')
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s reporting.snapshots;
begin
  select known.* into s from reporting.snapshots as known join registry.organizations as g on g.id = known.organization_id
  where g.slug = grant_rows.organization and known.id = grant_rows.snapshot_id;
  if s.id is null then
    return null;
  end if;
  perform private.record_repeatable(concat_ws(' ', private.actor(), s.id, grant_rows.what), 'grant_list_taken', 'operator', s.organization_id,
    'A list of members was taken from what was counted for a grant.', p_detail => jsonb_build_object('snapshot_id', s.id, 'what', grant_rows.what));
  if grant_rows.what = 'sample' then
    return private.draw_sample(s, grant_rows.most, grant_rows.seed);
  end if;
  return private.snapshot_rows(s, grant_rows.what, grant_rows.after, grant_rows.most);
end
$$;
comment on function worker.grant_rows is 'In: organisation (slug), a snapshot of it, counted, not_counted, duplicates, places or sample, the last row that is known, how many, a word for the sample. Out: rows as JSON; null: there is no such snapshot.';
grant execute on function worker.grant_rows to sync_worker;
