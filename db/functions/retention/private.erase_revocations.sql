-- A message that consent was withdrawn stops numbers that were observed before it. When those are erased, it has served; what came of it is
-- with the link, the consent, the case and the audit.
create or replace function private.erase_revocations(p_most integer)
returns integer
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with erased as (
    delete from registry.revocations as r
    where r.ctid = any (array(
      select due.ctid from registry.organizations as g join registry.revocations as due on due.organization_id = g.id
      where due.received_at < now() - greatest(coalesce(g.retention, '1 year'), '31 days')
      limit p_most))
    returning 1
  )
  select count(*)::integer from erased
$$;
comment on function private.erase_revocations is 'In: how many at most. Out: how many messages of providers were erased that are older than every number that they could still stop.';
