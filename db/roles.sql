-- Roles belong to the cluster, not to a database, so they cannot be created by a migration that is recorded per database.
-- `npm run migrate` runs this file first, every time; it changes nothing that is already so.
-- The migrating role needs CREATEROLE (as on Supabase), not superuser. Passwords are set by the operator, never here.

do $roles$
declare
  -- name, attributes. The two owners own everything and nobody logs in as them.
  v_roles constant text[][] := array[
    ['registry_owner',  'nologin'],
    ['queue_owner',     'nologin'],
    ['auth_callback',   'login noinherit'],
    ['sync_worker',     'login noinherit'],
    ['member_importer', 'login noinherit'],
    ['auditor',         'nologin'],
    ['anon',            'nologin noinherit'],
    ['authenticated',   'nologin noinherit'],
    ['service_role',    'nologin noinherit']
  ];
  v_role text[];
begin
  foreach v_role slice 1 in array v_roles loop
    if to_regrole(v_role[1]) is null then
      begin
        execute format('create role %I %s', v_role[1], v_role[2]);
      exception when duplicate_object or unique_violation then
        -- Another database of this cluster is being migrated at the same moment and was first.
        raise notice 'role % was created meanwhile', v_role[1];
      end;
    end if;
  end loop;
end
$roles$;

do $grants$
declare
  -- member, role it becomes part of, why
  v_memberships constant text[][] := array[
    [current_user,     'registry_owner', 'creates our schemas and objects in its name'],
    [current_user,     'queue_owner',    'runs graphile-worker''s migrations in its name'],
    ['registry_owner', 'queue_owner',    'our functions add jobs; graphile-worker''s tables let only their owner do so']
  ];
  v_membership text[];
begin
  foreach v_membership slice 1 in array v_memberships loop
    if not exists (
      select from pg_catalog.pg_auth_members as a
      where a.roleid = to_regrole(v_membership[2]) and a.member = to_regrole(quote_ident(v_membership[1]))
        -- Since PostgreSQL 16 the creator of a role is its administrator without being able to act as it.
        and coalesce((to_jsonb(a) ->> 'inherit_option')::boolean, true)
        and coalesce((to_jsonb(a) ->> 'set_option')::boolean, true)
    ) and not (select rolsuper from pg_catalog.pg_roles where rolname = v_membership[1]) then
      execute format('grant %I to %I', v_membership[2], v_membership[1]);
    end if;
  end loop;
end
$grants$;

-- A login waits for the database a bounded time, whatever else goes on there (security-and-reliability C11, C12).
do $limits$
begin
  if (select setconfig from pg_catalog.pg_db_role_setting
      where setrole = 'auth_callback'::regrole and setdatabase = 0) is null then
    alter role auth_callback set lock_timeout = '1s';
    alter role auth_callback set statement_timeout = '2500ms';
    alter role auth_callback set idle_in_transaction_session_timeout = '10s';
  end if;
end
$limits$;
