-- Roles belong to the cluster, not to a database, so they cannot be created by a migration that is recorded per database.
-- `npm run migrate` runs this file first, every time; it changes nothing that is already so.
-- The migrating role needs CREATEROLE (as on Supabase), not superuser. Passwords are set by the operator, never here.

do $roles$
declare
  -- name, attributes. The owners own everything and nobody logs in as them.
  v_roles constant text[][] := array[
    ['registry_owner',  'nologin'],
    ['audit_owner',     'nologin'],
    ['queue_owner',     'nologin'],
    ['billing_owner',   'nologin'],
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

-- A role of that name may have been there before us, or have come back from a dump, with more than it should have. Only a
-- superuser may take that away everywhere, so it is said and nothing goes on. The API's roles are Supabase's.
do $attributes$
declare
  v_wrong text;
begin
  select string_agg(format('alter role %I %s;', r.rolname, a.words), ' ' order by r.rolname) into v_wrong
  from pg_roles as r
  cross join lateral (
    select concat_ws(' ',
      case when r.rolsuper then 'nosuperuser' end, case when r.rolbypassrls then 'nobypassrls' end,
      case when r.rolcreaterole then 'nocreaterole' end, case when r.rolcreatedb then 'nocreatedb' end,
      case when r.rolreplication then 'noreplication' end,
      case when r.rolcanlogin and r.rolname in ('registry_owner', 'audit_owner', 'queue_owner', 'billing_owner', 'auditor') then 'nologin' end
    ) as words
  ) as a
  where r.rolname in
    ('registry_owner', 'audit_owner', 'queue_owner', 'billing_owner', 'auth_callback', 'sync_worker', 'member_importer', 'auditor')
    and a.words <> '';
  if v_wrong is not null then
    raise exception 'Roles of ours may do more than they should. A superuser runs: %', v_wrong using errcode = 'insufficient_privilege';
  end if;
end
$attributes$;

-- Memberships are lost where roles come from a dump of PostgreSQL 15 and whoever gave them has no ADMIN OPTION since 16.
do $grants$
declare
  -- member, role it becomes part of, why
  v_memberships constant text[][] := array[
    [current_user,     'registry_owner', 'creates our schemas and objects in its name'],
    [current_user,     'audit_owner',    'the same for the audit; taken back when npm run migrate is done'],
    [current_user,     'billing_owner',  'the same for invoices'],
    [current_user,     'queue_owner',    'runs graphile-worker''s migrations in its name'],
    ['registry_owner', 'queue_owner',    'our functions add jobs; graphile-worker''s tables let only their owner do so']
  ];
  v_membership text[];
  v_refused text[] := '{}';
begin
  foreach v_membership slice 1 in array v_memberships loop
    if not exists (
      select from pg_auth_members as a
      where a.roleid = to_regrole(v_membership[2]) and a.member = to_regrole(quote_ident(v_membership[1]))
        -- Since PostgreSQL 16 the creator of a role is its administrator without being able to act as it.
        and coalesce((to_jsonb(a) ->> 'inherit_option')::boolean, true)
        and coalesce((to_jsonb(a) ->> 'set_option')::boolean, true)
    ) and not (select r.rolsuper from pg_roles as r where r.rolname = v_membership[1]) then
      begin
        execute format('grant %I to %I', v_membership[2], v_membership[1]);
      exception when insufficient_privilege then
        v_refused := v_refused || format('grant %I to %I%s;', v_membership[2], v_membership[1],
          case when v_membership[1] = current_user then ' with admin option' end);
      end;
    end if;
  end loop;
  if v_refused <> '{}' then
    raise exception 'Memberships are missing that % may not grant. A superuser, or whoever has ADMIN OPTION, runs: %',
      current_user, array_to_string(v_refused, ' ') using errcode = 'insufficient_privilege';
  end if;
end
$grants$;

-- A login waits for the database a bounded time, whatever else goes on there, nobody keeps a transaction open and idle, and no
-- request of a coordinator's works on for longer than anybody waits for its answer. Each limit by itself: what an operator has set stays, whatever it is.
do $limits$
declare
  v_limits constant text[][] := array[
    ['auth_callback',   'lock_timeout',                        '1s'],
    ['auth_callback',   'statement_timeout',                   '2500ms'],
    ['auth_callback',   'idle_in_transaction_session_timeout', '10s'],
    ['sync_worker',     'idle_in_transaction_session_timeout', '60s'],
    ['member_importer', 'idle_in_transaction_session_timeout', '60s'],
    -- PostgREST sets it for each request. Hosted Supabase has a limit of its own there, which stays.
    ['authenticated',   'statement_timeout',                   '8s'],
    -- Nor a limit, but set the same way. For each record that a page of fifty looks up, Memoize sets up a cache as large as the whole list
    -- would need: up to 2 MB of memory each, several times what the page itself takes.
    ['authenticated',   'enable_memoize',                      'off']
  ];
  v_limit text[];
  v_set text;
  v_refused text[] := '{}';
begin
  foreach v_limit slice 1 in array v_limits loop
    select split_part(c.setting, '=', 2) into v_set
    from pg_db_role_setting as s, unnest(s.setconfig) as c(setting)
    where s.setrole = to_regrole(v_limit[1]) and s.setdatabase in (0, (select d.oid from pg_database as d where d.datname = current_database()))
      and split_part(c.setting, '=', 1) = v_limit[2]
    order by s.setdatabase desc
    limit 1;
    if not found then
      begin
        execute format('alter role %I set %I = %L', v_limit[1], v_limit[2], v_limit[3]);
      exception when insufficient_privilege then
        v_refused := v_refused || format('alter role %I set %I = %L;', v_limit[1], v_limit[2], v_limit[3]);
      end;
    elsif v_set ~ '^-?0+[a-z]*$' then
      raise warning 'No limit: somebody has set % of role % to %. Ours is %.', v_limit[2], v_limit[1], v_set, v_limit[3];
    end if;
  end loop;
  if v_refused <> '{}' then
    raise exception 'Settings are missing that % may not set. A superuser, or whoever has ADMIN OPTION, runs: %',
      current_user, array_to_string(v_refused, ' ') using errcode = 'insufficient_privilege';
  end if;
end
$limits$;
