/** Reads what PostgreSQL holds of the replaceable objects (functions, triggers, views), for `db/freeze.ts` and the test that files and migrations agree. */
import type pg from 'pg';

/** Schemas whose functions, triggers and views come from `db/functions/`. */
export const OUR_SCHEMAS = ['registry', 'sync', 'audit', 'private', 'login', 'worker', 'import', 'api'];

/** Definition, grants and comment of one object, as text. Two objects are the same when their texts are. */
export type Definitions = Map<string, string>;

const QUERY = `
  select n.nspname || '.' || p.proname as name,
         concat_ws(E'\\n', pg_get_functiondef(p.oid), 'owner ' || p.proowner::regrole, 'grants ' || coalesce(p.proacl, '{}')::text,
                   'comment ' || obj_description(p.oid, 'pg_proc')) as definition
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = any ($1)
  union all
  select n.nspname || '.' || c.relname,
         concat_ws(E'\\n', pg_get_viewdef(c.oid), 'options ' || c.reloptions::text, 'owner ' || c.relowner::regrole,
                   'grants ' || coalesce(c.relacl, '{}')::text, 'comment ' || obj_description(c.oid, 'pg_class'),
                   (select string_agg('comment on ' || a.attname || ' ' || col_description(c.oid, a.attnum), E'\\n' order by a.attnum)
                    from pg_attribute a where a.attrelid = c.oid))
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = any ($1) and c.relkind = 'v'
  union all
  select fn.nspname || '.' || p.proname || ' trigger ' || t.tgname || ' on ' || t.tgrelid::regclass,
         pg_get_triggerdef(t.oid) || ' enabled ' || t.tgenabled::text
  from pg_trigger t join pg_proc p on p.oid = t.tgfoid join pg_namespace fn on fn.oid = p.pronamespace
  where fn.nspname = any ($1) and not t.tgisinternal
  order by 1, 2`;

/**
 * @returns name of each object (`private.find_member`; triggers under the name of their function) and its text. Overloads
 *   are joined under one name, so that an overload nobody meant is seen as a difference.
 */
export async function readDefinitions(client: pg.ClientBase): Promise<Definitions> {
  const { rows } = await client.query<{ name: string; definition: string }>(QUERY, [OUR_SCHEMAS]);
  const definitions: Definitions = new Map();
  for (const { name, definition } of rows) {
    definitions.set(name, [definitions.get(name), definition].filter((text) => text !== undefined).join('\n'));
  }
  return definitions;
}
