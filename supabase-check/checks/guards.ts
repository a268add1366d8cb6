import type pg from 'pg';
import { OUR_SCHEMAS } from '../../db/catalog.ts';
import { faultsOr, type Remark } from '../remark.ts';

/** What may be wrong in the catalog, and what to do about it: `found` is what the query answers. */
const LOOKS: readonly { query: string; fault: (found: string) => string }[] = [
  {
    query: `select format('%I.%I in %I', p.schemaname, p.tablename, p.pubname) as found
      from pg_publication_tables as p where p.schemaname = any ($1) order by 1`,
    fault: (found) => `A publication sends rows past row security: ${found}. Take it out (Database, Publications).`,
  },
  {
    query: `select t.tgname || ' on ' || t.tgrelid::regclass as found from pg_trigger as t
      join pg_class as c on c.oid = t.tgrelid and c.relkind in ('r', 'p') join pg_namespace as n on n.oid = c.relnamespace
      join pg_proc as f on f.oid = t.tgfoid
      where n.nspname = any ($1) and f.prosrc ~ 'raise exception' and t.tgenabled <> 'A' order by 1`,
    fault: (found) => `A guard can be skipped by session_replication_role: ${found}. Run npm run migrate.`,
  },
  {
    query: `select g.name || ' has ' || lower(a.privilege_type) || ' on ' || o.name as found
      from (
        select c.oid::regclass::text as name, c.relacl as acl from pg_class as c join pg_namespace as n on n.oid = c.relnamespace where n.nspname = any ($1)
        union all
        select p.oid::regprocedure::text, coalesce(p.proacl, acldefault('f', p.proowner)) from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
        where n.nspname = any ($1)
        union all
        select 'schema ' || n.nspname, n.nspacl from pg_namespace as n where n.nspname = any ($1)
      ) as o
      cross join lateral aclexplode(o.acl) as a
      cross join lateral (select case a.grantee when 0 then 'PUBLIC' else a.grantee::regrole::text end) as g(name)
      where g.name in ('PUBLIC', 'anon', 'service_role', 'authenticator') order by 1`,
    fault: (found) => `${found}. Run npm run migrate, which takes it away.`,
  },
  {
    query: `select d.defaclrole::regrole || case d.defaclobjtype when 'f' then ' functions' when 'r' then ' tables' else ' objects' end || ' to ' || g.name as found
      from pg_default_acl as d cross join lateral aclexplode(d.defaclacl) as a
      cross join lateral (select case a.grantee when 0 then 'PUBLIC' else a.grantee::regrole::text end) as g(name)
      where g.name in ('PUBLIC', 'anon', 'authenticated', 'service_role')
        and (d.defaclrole::regrole::text in ('registry_owner', 'audit_owner', 'billing_owner', 'queue_owner')
          or d.defaclnamespace in (select n.oid from pg_namespace as n where n.nspname = any ($1)))
      order by 1`,
    fault: (found) => `New objects would be given away: ${found}. Take that default privilege back.`,
  },
  {
    query: `select r.rolname as found from pg_roles as r
      where r.rolname in ('registry_owner', 'audit_owner', 'billing_owner') and not exists (
        select from pg_default_acl as d where d.defaclrole = r.oid and d.defaclobjtype = 'f' and d.defaclnamespace = 0)
      order by 1`,
    fault: (found) => `New functions of ${found} could be executed by everybody. Run npm run migrate.`,
  },
];

/** Publications, triggers that keep rows from being changed, and privileges that nobody should have. */
export async function checkGuards(client: pg.Client): Promise<Remark[]> {
  const faults: string[] = [];
  for (const { query, fault } of LOOKS) {
    const { rows } = await client.query<{ found: string }>(query, query.includes('$1') ? [OUR_SCHEMAS] : []);
    faults.push(...rows.map(({ found }) => fault(found)));
  }
  return faultsOr(
    faults,
    'No table of ours is published, guards cannot be skipped, and anon and service_role have nothing.',
  );
}
