/** Reads what PostgreSQL holds of the replaceable objects (functions, triggers, views), for `db/freeze.ts` and the tests. */
import type pg from 'pg';

/** Schemas whose functions, triggers and views come from `db/functions/`. */
export const OUR_SCHEMAS = [
  'registry',
  'sync',
  'audit',
  'private',
  'login',
  'worker',
  'import',
  'reporting',
  'billing',
  'api',
];

export type CatalogObject = {
  kind: 'function' | 'view' | 'trigger';
  /** `private.find_member`: the name of its file. Triggers go by the name of their function. */
  name: string;
  /** As `drop` takes it: a function with its arguments, a trigger with its table. */
  identity: string;
  /** Definition, owner, grants and comment as text. Two objects are the same when their texts are. */
  definition: string;
};

const QUERY = `
  select 'function' as kind, n.nspname || '.' || p.proname as name, p.oid::regprocedure::text as identity,
         concat_ws(E'\\n', pg_get_functiondef(p.oid), 'owner ' || p.proowner::regrole, 'grants ' || coalesce(p.proacl, '{}')::text,
                   'comment ' || obj_description(p.oid, 'pg_proc')) as definition
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = any ($1)
  union all
  select 'view', n.nspname || '.' || c.relname, c.oid::regclass::text,
         concat_ws(E'\\n', pg_get_viewdef(c.oid), 'options ' || c.reloptions::text, 'owner ' || c.relowner::regrole,
                   'grants ' || coalesce(c.relacl, '{}')::text, 'comment ' || obj_description(c.oid, 'pg_class'),
                   (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' '
                                      || coalesce(col_description(c.oid, a.attnum), ''), E'\\n' order by a.attnum)
                    from pg_attribute a where a.attrelid = c.oid and a.attnum > 0))
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = any ($1) and c.relkind = 'v'
  union all
  select 'trigger', fn.nspname || '.' || p.proname, t.tgname || ' on ' || t.tgrelid::regclass,
         pg_get_triggerdef(t.oid) || ' enabled ' || t.tgenabled::text
  from pg_trigger t join pg_proc p on p.oid = t.tgfoid join pg_namespace fn on fn.oid = p.pronamespace
  where fn.nspname = any ($1) and not t.tgisinternal
  order by 1, 2, 3`;

export async function readObjects(client: pg.ClientBase, schemas = OUR_SCHEMAS): Promise<CatalogObject[]> {
  const { rows } = await client.query<CatalogObject>(QUERY, [schemas]);
  return rows;
}
