-- Two pairs of eyes have looked: from here on nothing changes it (private.tg_snapshots__frozen).
create or replace function private.freeze_snapshot(c registry.conflicts)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  s reporting.snapshots;
begin
  update reporting.snapshots as known
  set state = 'frozen', proposed_by = (c.proposal).by, frozen_by = private.actor(), frozen_at = clock_timestamp(), conflict_id = c.id,
      version = known.version + 1
  where known.id = (c.detail ->> 'snapshot_id')::uuid and known.state = 'draft' returning known.* into strict s;
  perform private.record_event('grant_frozen', 'coordinator', s.organization_id,
    format('Two coordinators froze what was counted for a grant: %s members, base year %s.', s.counted, s.base_year), p_conflict_id => c.id,
    p_detail => jsonb_build_object('snapshot_id', s.id, 'rule', s.rule_code, 'digest', s.digest, 'corrects', s.corrects));
end
$$;
comment on function private.freeze_snapshot is 'In: a locked proposed case of kind grant_snapshot. Freezes its snapshot.';
