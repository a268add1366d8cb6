-- What the functions of the API answer about a case.
create or replace function private.describe_case(c registry.conflicts)
returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'conflict_id', c.id, 'kind', c.kind, 'state', c.state, 'decision', c.decision, 'version', c.version,
    'undo_until', (
      select private.undo_until(c.kind, r.decision, r.decided_at) from registry.resolutions as r where r.conflict_id = c.id and r.undone_at is null),
    'proposed_decision', case when c.state = 'proposed' then (c.proposal).decision end)
$$;
comment on function private.describe_case is 'In: a case. Out: id, kind, state, decision, version, until when the decision can be undone, and what is proposed.';
