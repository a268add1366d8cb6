-- What a restore may lose and nobody notices: one row for each owner, grant, policy, trigger and default privilege in our schemas, as the
-- statement that makes it so, and the one that takes it back. A statement that begins with `--` is no statement: it names an object
-- that only a complete restore brings back. Parameter: our schemas.
with schemas as (
  select n.oid, n.nspname, n.nspacl, n.nspowner from pg_namespace as n where n.nspname = any ($1)
),
objects(kind, name, word, acl, owner, code) as (
  select 'schema', quote_ident(s.nspname), 'schema', s.nspacl, s.nspowner, 'n'::"char" from schemas as s
  union all
  select case c.relkind when 'S' then 'sequence' when 'v' then 'view' else 'table' end, c.oid::regclass::text,
    case c.relkind when 'S' then 'sequence' else 'table' end, c.relacl, c.relowner, case c.relkind when 'S' then 's' else 'r' end::"char"
  from pg_class as c where c.relnamespace in (select s.oid from schemas as s) and c.relkind in ('r', 'p', 'v', 'S')
  union all
  select 'function', p.oid::regprocedure::text, 'function', p.proacl, p.proowner, 'f'
  from pg_proc as p where p.pronamespace in (select s.oid from schemas as s)
  union all
  select case t.typtype when 'd' then 'domain' else 'type' end, t.oid::regtype::text, 'type', t.typacl, t.typowner, 'T'
  from pg_type as t left join pg_class as c on c.oid = t.typrelid
  where t.typnamespace in (select s.oid from schemas as s) and (t.typtype in ('d', 'e') or c.relkind = 'c')
),
privileges as (
  select o.word, o.name, o.owner, a.grantee, a.privilege_type
  from objects as o cross join lateral aclexplode(coalesce(o.acl, acldefault(o.code, o.owner))) as a
),
lines(place, makes, undoes) as (
  select 1, format('grant %s on %s %s to %s', lower(p.privilege_type), p.word, p.name, g.name),
    format('revoke %s on %s %s from %s', lower(p.privilege_type), p.word, p.name, g.name)
  from privileges as p cross join lateral (select case p.grantee when 0 then 'public' else p.grantee::regrole::text end) as g(name)
  where p.grantee <> p.owner
  union all
  select 1, format('grant %s (%I) on table %s to %s', lower(a.privilege_type), t.attname, t.attrelid::regclass, g.name),
    format('revoke %s (%I) on table %s from %s', lower(a.privilege_type), t.attname, t.attrelid::regclass, g.name)
  from pg_attribute as t
  join pg_class as c on c.oid = t.attrelid and c.relnamespace in (select s.oid from schemas as s)
  cross join lateral aclexplode(t.attacl) as a
  cross join lateral (select case a.grantee when 0 then 'public' else a.grantee::regrole::text end) as g(name)
  union all
  -- What an owner has given up.
  select 1, format('revoke %s on %s %s from %s', lower(d.privilege_type), o.word, o.name, o.owner::regrole),
    format('grant %s on %s %s to %s', lower(d.privilege_type), o.word, o.name, o.owner::regrole)
  from objects as o cross join lateral aclexplode(acldefault(o.code, o.owner)) as d
  where d.grantee = o.owner and not exists (
    select from privileges as p
    where p.word = o.word and p.name = o.name and p.grantee = o.owner and p.privilege_type = d.privilege_type)
  union all
  select 1, format('alter default privileges for role %s revoke %s on %s from public', d.defaclrole::regrole, lower(a.privilege_type), w.word), null
  from pg_default_acl as d
  cross join lateral (select case d.defaclobjtype when 'f' then 'functions' when 'T' then 'types' end) as w(word)
  cross join lateral aclexplode(acldefault(d.defaclobjtype, d.defaclrole)) as a
  where d.defaclrole in (select o.owner from objects as o where o.word = 'schema') and d.defaclnamespace = 0 and w.word is not null and a.grantee = 0
    and not exists (select from aclexplode(d.defaclacl) as had where had.grantee = 0 and had.privilege_type = a.privilege_type)
  union all
  select 2, format('create policy %I on %s as %s for %s to %s', p.polname, p.polrelid::regclass,
      case when p.polpermissive then 'permissive' else 'restrictive' end,
      case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
      (select string_agg(case r.oid when 0 then 'public' else r.oid::regrole::text end, ', ' order by r.oid::regrole::text) from unnest(p.polroles) as r(oid)))
    || coalesce(' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
    || coalesce(' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', ''),
    format('drop policy %I on %s', p.polname, p.polrelid::regclass)
  from pg_policy as p join pg_class as c on c.oid = p.polrelid where c.relnamespace in (select s.oid from schemas as s)
  union all
  select 3, format('alter table %s %s row level security', c.oid::regclass, w.word), null
  from pg_class as c
  cross join lateral (values ('enable', c.relrowsecurity), ('force', c.relforcerowsecurity)) as w(word, is_so)
  where c.relnamespace in (select s.oid from schemas as s) and w.is_so
  union all
  select 3, format('alter table %s %s trigger %I', t.tgrelid::regclass,
      case t.tgenabled when 'O' then 'enable' when 'A' then 'enable always' when 'R' then 'enable replica' else 'disable' end, t.tgname), null
  from pg_trigger as t join pg_class as c on c.oid = t.tgrelid where c.relnamespace in (select s.oid from schemas as s) and not t.tgisinternal
  union all
  select 4, format('-- %s %s', o.kind, o.name), null from objects as o
  union all
  select 4, '-- trigger ' || pg_get_triggerdef(t.oid), null
  from pg_trigger as t join pg_class as c on c.oid = t.tgrelid where c.relnamespace in (select s.oid from schemas as s) and not t.tgisinternal
  union all
  select 4, format('-- column %s.%I %s%s', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), case when a.attnotnull then ' not null' end), null
  from pg_attribute as a join pg_class as c on c.oid = a.attrelid
  where c.relnamespace in (select s.oid from schemas as s) and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
  union all
  select 4, '-- index ' || pg_get_indexdef(i.indexrelid), null
  from pg_index as i join pg_class as c on c.oid = i.indrelid where c.relnamespace in (select s.oid from schemas as s) and i.indisvalid
  union all
  select 4, format('-- constraint %I of %s %s', k.conname, coalesce(nullif(k.conrelid, 0)::regclass::text, k.contypid::regtype::text), pg_get_constraintdef(k.oid)), null
  from pg_constraint as k where k.connamespace in (select s.oid from schemas as s) and k.convalidated and k.contype in ('c', 'f', 'u', 'p', 'x')
)
select distinct l.place, l.makes, l.undoes from lines as l order by l.place, l.makes
