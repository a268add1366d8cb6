import assert from 'node:assert/strict';
import { test } from 'vitest';
import { OUR_SCHEMAS } from '../../db/catalog.ts';
import { createTestDatabase } from '../support/database.ts';

/** Catalog queries that must find nothing; the ideas are those of Supabase's advisor and of security-and-reliability 2. */
const LINTS: Record<string, string> = {
  'row security is enabled and forced on every table': `
    select c.oid::regclass::text as found from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any ($1) and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)`,
  'row security without any policy would hide everything, from our own functions too': `
    select c.oid::regclass::text as found from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any ($1) and c.relkind in ('r', 'p') and not exists (select from pg_policy p where p.polrelid = c.oid)`,
  'every table that coordinators can read has a restrictive policy on the organisation': `
    select c.oid::regclass::text as found from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any ($1) and c.relkind in ('r', 'p')
      and has_any_column_privilege('authenticated', c.oid, 'select')
      and not exists (select from pg_policy p where p.polrelid = c.oid and not p.polpermissive
                      and p.polroles @> array['authenticated'::regrole::oid])`,
  'that policy says nothing but that the row is of an organisation of the reader, for everything and everybody who reads there': `
    select p.polname || ' on ' || p.polrelid::regclass as found from pg_policy p join pg_class c on c.oid = p.polrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any ($1) and not p.polpermissive and not (
      p.polname = 'own_organization' and p.polcmd = '*' and p.polroles = array['authenticated'::regrole::oid] and p.polwithcheck is null
      and regexp_replace(pg_get_expr(p.polqual, p.polrelid), '\\s+', ' ', 'g') = format(
        '(%s = ANY (( SELECT private.coordinator_organizations() AS coordinator_organizations)::uuid[]))',
        case p.polrelid when 'registry.organizations'::regclass then 'id' else 'organization_id' end))`,
  'the owner passes by one policy on each table, and nobody else by a permissive one but those who read': `
    select p.polname || ' on ' || p.polrelid::regclass as found from pg_policy p join pg_class c on c.oid = p.polrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any ($1) and p.polpermissive
      and not (p.polroles = array[case n.nspname when 'billing' then 'billing_owner' else 'registry_owner' end::regrole::oid])
      and not (p.polname = 'configured' and p.polrelid = 'billing.issuers'::regclass)
      and not (p.polcmd = 'r' and p.polroles <@ array['authenticated'::regrole::oid] and exists (
        select from pg_policy r where r.polrelid = p.polrelid and not r.polpermissive and r.polroles = p.polroles))
      and not (p.polcmd = 'r' and p.polroles = array['auditor'::regrole::oid])
      and not (p.polroles = array['audit_owner'::regrole::oid] and n.nspname = 'audit')`,
  'policies call functions inside a scalar subquery, once per query': `
    select p.polname || ' on ' || p.polrelid::regclass as found from pg_policy p
    where pg_get_expr(p.polqual, p.polrelid) ~ 'coordinator_organizations' and pg_get_expr(p.polqual, p.polrelid) !~* 'select'`,
  'no policy reads what users can write themselves': `
    select p.polname || ' on ' || p.polrelid::regclass as found from pg_policy p
    where pg_get_expr(p.polqual, p.polrelid) ~ 'user_metadata'`,
  "every function looks for types in pg_catalog before anybody's temporary objects": `
    select p.oid::regprocedure::text as found from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = any ($1) and not coalesce(p.proconfig @> array['search_path=pg_catalog, pg_temp'], false)`,
  'every view runs with the rights of who reads it': `
    select c.oid::regclass::text as found from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any ($1) and c.relkind = 'v' and not coalesce(c.reloptions @> array['security_invoker=true'], false)`,
  'everything belongs to registry_owner, the audit to audit_owner, invoices to billing_owner; none of them is a superuser, and nobody logs in as them': `
    select p.oid::regprocedure::text as found from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = any ($1) and p.proowner <> (case n.nspname when 'audit' then 'audit_owner' when 'billing' then 'billing_owner' else 'registry_owner' end)::regrole
    union all
    select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any ($1) and c.relkind in ('r', 'v', 'p', 'S') and c.relowner <> (case n.nspname when 'audit' then 'audit_owner' when 'billing' then 'billing_owner' else 'registry_owner' end)::regrole
    union all
    select rolname from pg_roles where rolname in ('registry_owner', 'audit_owner', 'queue_owner', 'billing_owner') and (rolsuper or rolcanlogin or rolbypassrls)`,
  'definer functions are interface functions, what policies call, or what stands behind a function of the API': `
    select p.oid::regprocedure::text as found from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = any ($1) and p.prosecdef and n.nspname not in ('login', 'worker', 'import', 'billing')
      -- All that the owner of invoices may do outside of its own schema (test/db/invoices.test.ts).
      and p.oid <> all (array['private.invoice_recipient', 'private.find_invoiced', 'private.slug_of', 'private.queue_invoices',
        'private.record_invoice_event']::regproc[])
      and p.oid <> 'private.coordinator_organizations()'::regprocedure
      -- What only the audit's owner may do, for registry_owner, who can do nothing else there.
      and p.oid <> all (array['audit.begin_epoch', 'audit.redact_events']::regproc[])
      and not (n.nspname = 'private' and exists (
        select from pg_proc a where a.pronamespace = 'api'::regnamespace and a.proname = p.proname))
      -- A view of the API that members read of themselves.
      and not (n.nspname = 'private' and p.proname = any (array['my_record', 'my_consents', 'my_history', 'grant_rules']))`,
  'no function of the exposed schema is a definer': `
    select p.oid::regprocedure::text as found from pg_proc p where p.pronamespace = 'api'::regnamespace and p.prosecdef`,
  'foreign keys have an index to look them up by': `
    select con.conname || ' on ' || con.conrelid::regclass as found from pg_constraint con join pg_namespace n on n.oid = con.connamespace
    where con.contype = 'f' and n.nspname = any ($1) and not exists (
      select from pg_index i where i.indrelid = con.conrelid
        and (i.indkey::smallint[])[0:cardinality(con.conkey) - 1] @> con.conkey)`,
  'every table has a primary key': `
    select c.oid::regclass::text as found from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any ($1) and c.relkind in ('r', 'p')
      and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)`,
  'no table is in a publication, which would send rows past row security': `
    select format('%I.%I in %I', p.schemaname, p.tablename, p.pubname) as found from pg_publication_tables p where p.schemaname = any ($1)`,
  'what keeps rows from being changed is not skipped by session_replication_role': `
    select t.tgname || ' on ' || t.tgrelid::regclass as found from pg_trigger t join pg_class c on c.oid = t.tgrelid
    join pg_namespace n on n.oid = c.relnamespace join pg_proc f on f.oid = t.tgfoid
    where n.nspname = any ($1) and c.relkind in ('r', 'p') and f.prosrc ~ 'raise exception' and t.tgenabled <> 'A'`,
  'no two indexes are the same': `
    select string_agg(i.indexrelid::regclass::text, ', ') as found from pg_index i
    join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace where n.nspname = any ($1)
    group by i.indrelid, i.indkey::text, i.indclass::text, pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid)
    having count(*) > 1`,
};

for (const [rule, query] of Object.entries(LINTS)) {
  test(rule, async () => {
    await using db = await createTestDatabase();
    const parameters = query.includes('$1') ? [OUR_SCHEMAS] : [];
    const { rows } = await db.pool.query<{ found: string }>(query, parameters);
    assert.deepEqual(
      rows.map(({ found }) => found),
      [],
    );
  });
}
