/** What has to be dropped and created, and in which order, so that a database has the functions, views and triggers of `db/functions/`. */
import type pg from 'pg';
import { type CatalogObject, OUR_SCHEMAS, readObjects } from '../catalog.ts';
import { asOwners, type FunctionFile, ownerOf } from '../function-files.ts';

export type FreezePlan = {
  /** Statements that remove what went, or what cannot be replaced in place. */
  drops: { name: string; statement: string }[];
  /** Files to be applied after them, in their order. */
  files: FunctionFile[];
};

/** `create or replace` is refused: other arguments or another result of a function, other columns of a view. */
const NEEDS_DROP = new Set(['42P13', '42P16']);

/**
 * Compares the files with the database the client is connected to, which is left as it was.
 *
 * @throws Error when something of the database that is not in `db/functions/` (a policy, an index) uses what must be dropped,
 *   or with PostgreSQL's own error when a file cannot be applied
 */
export async function planFreeze(
  client: pg.ClientBase,
  files: FunctionFile[],
  schemas = OUR_SCHEMAS,
): Promise<FreezePlan> {
  const before = await readObjects(client, schemas);
  const after = await rolledBack(client, async () => {
    await dropAll(client, before);
    for (const statement of asOwners(files, ({ sql }) => sql)) await client.query(statement);
    return readObjects(client, schemas);
  });
  const changed = new Set([...differing(before, after), ...differing(after, before)]);
  const changedFiles = files.filter(({ name }) => changed.has(name));
  const refused = await rolledBack(client, () => refusedInPlace(client, changedFiles));
  const gone = before.filter((object) => !after.some(({ identity }) => identity === object.identity));
  const dropped = await withDependants(client, before, [...gone, ...before.filter(({ name }) => refused.has(name))]);
  const again = new Set(dropped.map(({ name }) => name));
  const plan = {
    drops: dropStatements(before, dropped, gone),
    files: files.filter(({ name }) => changed.has(name) || again.has(name)),
  };
  await rolledBack(client, () => verify(client, plan, after, schemas));
  return plan;
}

/** Names of the objects in `objects` that `others` lacks or has otherwise. */
function differing(objects: CatalogObject[], others: CatalogObject[]): string[] {
  const definitions = new Map(others.map(({ identity, definition }) => [identity, definition]));
  return objects.filter(({ identity, definition }) => definitions.get(identity) !== definition).map(({ name }) => name);
}

async function rolledBack<T>(client: pg.ClientBase, action: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    return await action();
  } finally {
    await client.query('rollback');
  }
}

async function dropAll(client: pg.ClientBase, objects: CatalogObject[]): Promise<void> {
  for (const { kind, identity } of objects) {
    if (kind !== 'trigger') await client.query(`drop ${kind} if exists ${identity} cascade`);
  }
}

/** @returns names of the files that PostgreSQL does not let replace what is there */
async function refusedInPlace(client: pg.ClientBase, files: FunctionFile[]): Promise<Set<string>> {
  const refused = new Set<string>();
  for (const { name, sql } of files) {
    await client.query(`savepoint file; set local role ${ownerOf(name)}`);
    try {
      await client.query(sql);
    } catch (error) {
      await client.query('rollback to savepoint file');
      // Any other error comes from what is not in place yet here; the plan as a whole is tried at the end.
      if (NEEDS_DROP.has((error as { code?: string }).code ?? '')) refused.add(name);
    }
  }
  return refused;
}

const DEPENDANTS = `
  select pg_describe_object(d.classid, d.objid, 0) as description,
         case when d.classid = 'pg_rewrite'::regclass then (
           select c.oid::regclass::text from pg_rewrite r join pg_class c on c.oid = r.ev_class
           where r.oid = d.objid and c.relkind = 'v') end as view
  from pg_depend d
  where d.deptype = 'n' and d.classid <> 'pg_trigger'::regclass
    and (d.refclassid, d.refobjid) = (case when $2 = 'view' then 'pg_class'::regclass else 'pg_proc'::regclass end,
                                      case when $2 = 'view' then to_regclass($1)::oid else to_regprocedure($1)::oid end)
    and not (d.classid = 'pg_rewrite'::regclass
             and exists (select from pg_rewrite r where r.oid = d.objid and r.ev_class = d.refobjid))`;

/** What is to be dropped and every view that uses it, the users before what they use. */
async function withDependants(
  client: pg.ClientBase,
  all: CatalogObject[],
  objects: CatalogObject[],
): Promise<CatalogObject[]> {
  const ordered: CatalogObject[] = [];
  const visit = async (object: CatalogObject): Promise<void> => {
    if (ordered.includes(object) || object.kind === 'trigger') return;
    const { rows } = await client.query<{ description: string; view: string | null }>(DEPENDANTS, [
      object.identity,
      object.kind,
    ]);
    for (const { description, view } of rows) {
      const user = all.find(({ kind, identity }) => kind === 'view' && identity === view);
      if (user === undefined) {
        throw new Error(
          `${object.identity} must be dropped, but ${description} uses it: write a migration that drops and makes both`,
        );
      }
      await visit(user);
    }
    ordered.push(object);
  };
  for (const object of objects) await visit(object);
  return ordered;
}

/** Triggers go before their functions; those whose function stays or comes again are in its file. */
function dropStatements(before: CatalogObject[], dropped: CatalogObject[], gone: CatalogObject[]): FreezePlan['drops'] {
  const names = new Set(dropped.map(({ name }) => name));
  const triggers = before.filter(
    (object) => object.kind === 'trigger' && (names.has(object.name) || gone.includes(object)),
  );
  return [
    ...triggers.map(({ name, identity }) => ({ name, statement: `drop trigger ${identity};` })),
    ...dropped.map(({ name, kind, identity }) => ({ name, statement: `drop ${kind} ${identity};` })),
  ];
}

async function verify(
  client: pg.ClientBase,
  plan: FreezePlan,
  after: CatalogObject[],
  schemas: string[],
): Promise<void> {
  for (const statement of asOwners(plan.drops, (drop) => drop.statement)) await client.query(statement);
  for (const statement of asOwners(plan.files, ({ sql }) => sql)) await client.query(statement);
  await client.query('reset role');
  const reached = await readObjects(client, schemas);
  const missed = [...new Set([...differing(reached, after), ...differing(after, reached)])];
  if (missed.length > 0) throw new Error(`not as in db/functions/ after the migration: ${missed.join(', ')}`);
}
