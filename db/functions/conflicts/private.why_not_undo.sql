-- A decision can be taken back while nothing newer stands on it: the record unchanged since, the login where it was put, nobody
-- else with the number that would come back, and the same disagreement not open anew. What was sent cannot be unsent.
create or replace function private.why_not_undo(c registry.conflicts, r registry.resolutions)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when c.id is null then 'not_found'
    when r.id is null or c.kind = 'push_failed' or r.decision = 'retry_sync' then 'not_resolved'
    when r.decided_at < now() - interval '30 days' then 'too_late'
    when (select count(*) >= 20 from registry.resolutions as known where known.conflict_id = c.id and known.undone_at is not null)
      then 'undone_too_often'
    when r.before ? 'version_after' and (r.before ->> 'version_after')::integer is distinct from (
      select m.version from registry.members as m where m.id = (r.before #>> '{number,member_id}')::uuid) then 'newer_change'
    when r.before ? 'survivor_number' and not exists (
      select from registry.members as m
      where m.id = (r.before ->> 'survivor')::uuid and private.is_number(m, r.before -> 'survivor_number')) then 'newer_change'
    when r.before ? 'link' and (r.before #>> '{link,after}')::uuid is distinct from (
      select private.linked_member(o) from registry.observations as o where o.id = c.observation_id) then 'newer_change'
    when r.before ? 'merged' and exists ( -- the survivor is no more, and what went to it has gone on
      select from registry.members as m where m.id = (r.before ->> 'survivor')::uuid and m.merged_into is not null) then 'newer_change'
    when exists ( -- it would go back to a record that is no more, or ask about one
      select from registry.members as m
      where m.organization_id = c.organization_id and m.merged_into is not null
        and (m.id = (r.before #>> '{link,before}')::uuid or r.before -> 'excluded' ? m.id::text
          or not r.before ? 'merged' and m.id = any (c.candidates || array[c.member_id, c.other_member_id]))) then 'newer_change'
    when r.decision = 'keep_existing' and private.is_obsolete(c) then 'newer_change' -- there is nothing left to ask
    when exists (
      select from registry.members as m
      where m.organization_id = c.organization_id
        and (m.personnummer_index = r.before #>> '{number,index}'
          or m.personnummer_masked = r.before #>> '{number,masked}' and private.is_number(m, r.before -> 'number')) -- under another key
        and m.id <> (r.before #>> '{number,member_id}')::uuid
        and not (r.before ? 'survivor_number' and m.id = (r.before ->> 'survivor')::uuid)) then 'newer_change'
    when private.is_open_again(c) then 'newer_change'
  end
$$;
comment on function private.why_not_undo is 'In: a locked case (null: not visible), its decision in force. Out: code of the refusal, null: go ahead.';
