import type pg from 'pg';
import { isNeverNull, type NotNullColumns } from './is-never-null.ts';
import { asList, asNode, parseNodeTree } from './node-tree.ts';

/** A type as PostgreSQL names it: `text`, `uuid[]`, or one of our enums. */
export type SqlType = { name: string; array: boolean; enum: boolean };
export type Column = { name: string; type: SqlType; notNull: boolean; comment: string | null };
export type View = { name: string; comment: string | null; columns: Column[] };
type Argument = { name: string; type: SqlType; optional: boolean };
export type ApiFunction = { name: string; comment: string | null; args: Argument[] };
export type Enum = { name: string; comment: string | null; labels: string[] };
export type Refusal = { code: string; status: number; message: string };
export type Api = { views: View[]; functions: ApiFunction[]; enums: Enum[]; refusals: Refusal[] };

const TYPE = `json_build_object('name', coalesce(element.typname, t.typname), 'array', element.oid is not null,
  'enum', coalesce(element.typtype, t.typtype) = 'e')`;
/** What a domain is made of, for an app, is all there is to it. */
const BASE = 'join pg_type as t on t.oid = coalesce(nullif(own.typbasetype, 0), own.oid)';
const ELEMENT = 'left join pg_type as element on element.oid = t.typelem and t.typcategory = $1';

const VIEWS = `
  select c.relname as name, obj_description(c.oid, 'pg_class') as comment, r.ev_action::text as action,
    (select json_agg(json_build_object('name', a.attname, 'type', ${TYPE},
                                       'comment', col_description(c.oid, a.attnum)) order by a.attnum)
     from pg_attribute as a join pg_type as own on own.oid = a.atttypid ${BASE} ${ELEMENT}
     where a.attrelid = c.oid and a.attnum > 0) as columns
  from pg_class as c join pg_rewrite as r on r.ev_class = c.oid
  where c.relnamespace = 'api'::regnamespace and c.relkind = 'v'
  order by c.relname`;

const FUNCTIONS = `
  select p.proname as name, obj_description(p.oid, 'pg_proc') as comment,
    (select json_agg(json_build_object('name', p.proargnames[a.at], 'type', ${TYPE},
                                       'optional', a.at > p.pronargs - p.pronargdefaults) order by a.at)
     from unnest(p.proargtypes) with ordinality as a(type, at) join pg_type as t on t.oid = a.type ${ELEMENT}) as args
  from pg_proc as p where p.pronamespace = 'api'::regnamespace
  order by p.proname`;

const NOT_NULL_COLUMNS = `
  select a.attrelid || '.' || a.attnum as key
  from pg_attribute as a join pg_class as c on c.oid = a.attrelid
  where c.relkind in ('r', 'p') and c.relnamespace = any ('{registry, sync, audit, reporting, billing}'::regnamespace[]) and a.attnum > 0 and a.attnotnull`;

const ENUMS = `
  select t.typname as name, obj_description(t.oid, 'pg_type') as comment,
    (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum as e where e.enumtypid = t.oid) as labels
  from pg_type as t
  where t.typtype = 'e' and t.typnamespace = any ('{registry, sync, audit, reporting, billing}'::regnamespace[])
  order by t.typname, t.typnamespace`;

/** Reads schema `api` from the catalogs, and the refusals from where they are declared. @param client may read `private` */
export async function readApi(client: pg.ClientBase | pg.Pool): Promise<Api> {
  const rows = async <T extends pg.QueryResultRow>(sql: string, parameters: unknown[] = []) =>
    (await client.query<T>(sql, parameters)).rows;
  const base = new Set((await rows<{ key: string }>(NOT_NULL_COLUMNS)).map(({ key }) => key));
  const views = (await rows<View & { action: string }>(VIEWS, ['A'])).map((view) => describeView(view, base));
  const functions = await rows<ApiFunction>(FUNCTIONS, ['A']);
  const enums = await rows<Enum>(ENUMS);
  const refusals = await rows<Refusal>('select code, status, message from private.refusals()');
  return { views, functions, enums, refusals };
}

function describeView({ name, comment, action, columns }: View & { action: string }, base: NotNullColumns): View {
  const query = asNode(asList(parseNodeTree(action))[0], 'QUERY');
  if (query === undefined) throw new Error(`api.${name}: its query cannot be read`);
  return {
    name,
    comment,
    columns: columns.map((column, at) => ({ ...column, notNull: isNeverNull(query, at + 1, base) })),
  };
}
