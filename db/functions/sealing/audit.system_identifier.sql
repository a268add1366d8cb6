-- A dump that is restored elsewhere takes the events along, and not the count of transactions. The cluster's identifier tells.
create or replace function audit.system_identifier()
returns bigint
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select c.system_identifier from pg_control_system() as c);
exception
  when insufficient_privilege then
    return null; -- some hosted services do not tell
end
$$;
comment on function audit.system_identifier is 'Out: the identifier of the PostgreSQL cluster; null where PostgreSQL does not tell.';
grant execute on function audit.system_identifier to registry_owner;
