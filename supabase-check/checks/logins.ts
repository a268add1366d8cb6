import { OUR_SCHEMAS } from '../../db/catalog.ts';
import type { Login } from '../config.ts';
import { inReadOnly, type Way } from '../reach.ts';
import { fault, faultsOr, type Remark } from '../remark.ts';

/** Where each login of ours has something to do: `db/roles.sql` and the grants beside the functions say the same. */
const interfaces: Record<Login['role'], readonly string[]> = {
  auth_callback: ['login'],
  sync_worker: ['billing', 'graphile_worker', 'worker'],
  member_importer: ['billing', 'import'],
};
/** Limits that the role must bring along, because startup options do not arrive through the pooler. */
const limits: Record<Login['role'], readonly string[]> = {
  auth_callback: ['lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout'],
  sync_worker: ['idle_in_transaction_session_timeout'],
  member_importer: ['idle_in_transaction_session_timeout'],
};

interface Seen {
  role: string;
  too_much: boolean;
  member_of: string[];
  schemas: string[];
  tables: string[];
}
interface Limit {
  name: string;
  is_set: boolean;
  arrives: boolean;
}

/** A login through its own connection string. */
export async function checkLogin(role: Login['role'], way: Way): Promise<Remark[]> {
  if (way.client === undefined) return [fault(way.why)];
  const { client, variable } = way;
  return await inReadOnly(client, async () => {
    const { rows } = await client.query<Seen>(SEEN, [[...OUR_SCHEMAS, 'graphile_worker', 'migrations']]);
    const seen = rows[0] as Seen;
    if (seen.role !== role) return [fault(`${variable} logs in as ${seen.role}. It has to be ${role}.`)];
    const found = await client.query<Limit>(LIMITS, [limits[role]]);
    return faultsOr(
      [...faultsOfRights(role, seen), ...found.rows.flatMap((limit) => faultsOfLimit(role, variable, limit))],
      `${variable} logs in as ${role}, which may do its own work and nothing else.`,
    );
  });
}

const takenAway = 'Run npm run migrate, which takes away what our roles should not have.';

function faultsOfRights(role: Login['role'], { too_much, member_of, schemas, tables }: Seen): string[] {
  const mayUse = interfaces[role];
  return [
    ...(too_much ? [`${role} has an attribute that it must not have. Run npm run migrate, which says which.`] : []),
    ...member_of.map((other) => `${role} is a member of ${other}. Run: revoke ${other} from ${role};`),
    ...mayUse
      .filter((name) => !schemas.includes(name))
      .map((name) => `${role} may not use schema ${name}. Run npm run migrate.`),
    ...schemas.filter((name) => !mayUse.includes(name)).map((name) => `${role} may use schema ${name}. ${takenAway}`),
    ...tables.map((table) => `${role} has a privilege on ${table}. ${takenAway}`),
  ];
}

function faultsOfLimit(role: Login['role'], variable: string, { name, is_set, arrives }: Limit): string[] {
  if (!is_set) return [`${role} has no ${name}. Run npm run migrate.`];
  if (arrives) return [];
  return [
    `${name} of ${role} does not arrive through ${variable}. Use the direct connection, or the pooler in session mode (port 5432).`,
  ];
}

const SEEN = `
  select current_user::text as role, r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolreplication as too_much,
    array(select m.roleid::regrole::text from pg_auth_members as m where m.member = r.oid) as member_of,
    array(select n.nspname::text from pg_namespace as n where n.nspname = any ($1) and has_schema_privilege(n.oid, 'usage') order by 1) as schemas,
    array(
      select n.nspname || '.' || c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
      where n.nspname = any ($1) and n.nspname <> 'graphile_worker' and c.relkind in ('r', 'p', 'v', 'm')
        and (has_table_privilege(c.oid, 'select, insert, update, delete, truncate, references, trigger')
          or has_any_column_privilege(c.oid, 'select, insert, update, references'))
      order by 1) as tables
  from pg_roles as r where r.rolname = current_user`;

/** Set for the role, and what the session has. A number without a unit is milliseconds. */
const LIMITS = `
  select l.name, s.value is not null as is_set, s.value = c.value as arrives
  from unnest($1::text[]) with ordinality as l(name, nth)
  cross join lateral (
    select (regexp_replace(current_setting(l.name), '^([0-9]+)$', '\\1ms'))::interval as value
  ) as c
  left join lateral (
    select (regexp_replace(split_part(e.entry, '=', 2), '^([0-9]+)$', '\\1ms'))::interval as value
    from pg_db_role_setting as d cross join lateral unnest(d.setconfig) as e(entry)
    where d.setrole = current_user::regrole and split_part(e.entry, '=', 1) = l.name
      and d.setdatabase in (0, (select o.oid from pg_database as o where o.datname = current_database()))
    order by d.setdatabase desc limit 1
  ) as s on true
  order by l.nth`;
