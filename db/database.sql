-- Privileges on the database as a whole, and on what dbmate made. No dump brings them into another database, so `npm run migrate`
-- ends with this file, every time. What it cannot put right it says, and fails.

-- PostgreSQL lets PUBLIC make temporary objects in any new database. Ours come last on every search_path, so that they trap
-- nobody; that holds even where the first revoke is lost, and no login of ours needs them.
do $temporary$
declare
  v_ours constant name[] := array['registry_owner', 'audit_owner', 'queue_owner', 'billing_owner', 'auth_callback', 'sync_worker',
    'member_importer', 'auditor', 'anon', 'authenticated', 'service_role'];
  v_grantee text;
  v_left text[];
begin
  for v_grantee in
    select case a.grantee when 0 then 'public' else quote_ident(r.rolname) end
    from pg_database as d
    cross join lateral aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) as a
    left join pg_roles as r on r.oid = a.grantee
    where d.datname = current_database() and a.privilege_type = 'TEMPORARY' and (a.grantee = 0 or r.rolname = any (v_ours))
  loop
    execute format('revoke temporary on database %I from %s', current_database(), v_grantee);
  end loop;
  -- A revoke by somebody who may not is a mere warning; and a role may have the privilege by way of another one.
  v_left := array(
    select r.rolname::text from pg_roles as r
    where r.rolname = any (v_ours) and has_database_privilege(r.oid, current_database(), 'temporary'));
  if v_left <> '{}' then
    raise exception 'Temporary objects can still be made in database % by %. Its owner or a superuser runs: revoke temporary on database "%" from public, %;',
      current_database(), array_to_string(v_left, ', '), current_database(), array_to_string(v_left, ', ')
      using errcode = 'insufficient_privilege';
  end if;
end
$temporary$;

-- Nobody but its owner puts objects into public, where other people's search_path would find them.
do $public$
begin
  if exists (
    select from pg_namespace as n, aclexplode(n.nspacl) as a where n.nspname = 'public' and a.grantee = 0 and a.privilege_type = 'CREATE'
  ) then
    revoke create on schema public from public;
  end if;
  if exists (
    select from pg_namespace as n, aclexplode(n.nspacl) as a where n.nspname = 'public' and a.grantee = 0 and a.privilege_type = 'CREATE'
  ) then
    raise exception 'Everybody can still create objects in schema public. Its owner or a superuser runs: revoke create on schema public from public;'
      using errcode = 'insufficient_privilege';
  end if;
end
$public$;

-- dbmate makes its schema with whatever default privileges the migrating role has.
do $bookkeeping$
declare
  v_grantee text;
begin
  for v_grantee in
    select distinct case a.grantee when 0 then 'public' else quote_ident(a.grantee::regrole::text) end
    from (
      select n.nspacl, n.nspowner from pg_namespace as n where n.nspname = 'migrations'
      union all
      select c.relacl, c.relowner from pg_class as c where c.relnamespace = 'migrations'::regnamespace
    ) as o(acl, owner)
    cross join lateral aclexplode(o.acl) as a
    where a.grantee <> o.owner
  loop
    execute format('revoke all on schema migrations from %s', v_grantee);
    execute format('revoke all on all tables in schema migrations from %s', v_grantee);
  end loop;
end
$bookkeeping$;
