-- An organisation counts once at a time, and no draft is proposed while another one may be taking its place.
create or replace function private.lock_counting(p_organization_id uuid, p_waits boolean)
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key constant bigint := hashtextextended('grant snapshot ' || p_organization_id, 0);
begin
  if not p_waits then
    return pg_try_advisory_xact_lock(v_key);
  end if;
  perform pg_advisory_xact_lock(v_key);
  return true;
end
$$;
comment on function private.lock_counting is 'In: an organisation, whether to wait. Out: whether this transaction alone may count for it, or freeze, until it ends.';
