-- A delivered push is sent again where somebody has changed its number in the member system since.
create or replace function private.has_drifted(p_push sync.pushes)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select p_push.state = 'delivered' and exists (
    select from registry.conflicts as c
    where c.push_id = p_push.id and c.organization_id = p_push.organization_id and c.kind = 'drift' and c.closed_at is null)
$$;
comment on function private.has_drifted is 'In: a push. Out: whether a difference to what it delivered is an open case.';
