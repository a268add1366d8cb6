-- Whom our objects belong to, as the statements that are missing: after a restore without roles they belong to whoever restored.
-- Parameter: our schemas.
with schemas as (
  select n.oid, n.nspname, n.nspowner,
    case n.nspname when 'audit' then 'audit_owner' when 'billing' then 'billing_owner' when 'graphile_worker' then 'queue_owner' else 'registry_owner' end as owner
  from pg_namespace as n where n.nspname = any ($1)
),
objects(place, kind, name, has, wants) as (
  select 1, 'schema', quote_ident(s.nspname), s.nspowner, s.owner from schemas as s
  union all
  select 2, case c.relkind when 'S' then 'sequence' when 'v' then 'view' else 'table' end, c.oid::regclass::text, c.relowner, s.owner
  from pg_class as c join schemas as s on s.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'S')
    -- A sequence of an identity column follows its table.
    and not exists (select from pg_depend as d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i') and c.relkind = 'S')
  union all
  select 2, 'function', p.oid::regprocedure::text, p.proowner, s.owner from pg_proc as p join schemas as s on s.oid = p.pronamespace
  union all
  select 2, case t.typtype when 'd' then 'domain' else 'type' end, t.oid::regtype::text, t.typowner, s.owner
  from pg_type as t join schemas as s on s.oid = t.typnamespace left join pg_class as c on c.oid = t.typrelid
  where t.typtype in ('d', 'e') or c.relkind = 'c'
)
select format('alter %s %s owner to %s', o.kind, o.name, o.wants) as statement, o.has::regrole::text as has
from objects as o where o.has <> to_regrole(o.wants) order by o.place, o.name
