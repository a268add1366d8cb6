import type pg from 'pg';
import { faultsOr, note, type Remark } from '../remark.ts';

/** By major version: before that, statistics show rows past row security (CVE-2025-8713). */
const leastMinor: Record<number, number> = { 15: 14, 16: 10, 17: 6 };

interface Me {
  session: string;
  role: string;
  superuser: boolean;
  creates_roles: boolean;
  differs: string[];
  creates_schemas: boolean;
  version: number;
}

/** Who DATABASE_URL logs in as, and on which server. */
export async function checkMigrator(client: pg.Client): Promise<Remark[]> {
  const { rows } = await client.query<Me>(
    `select session_user::text as session, current_user::text as role, r.rolsuper as superuser, r.rolcreaterole as creates_roles,
       array_remove(array[case when not r.rolcreatedb then 'CREATEDB' end, case when not r.rolreplication then 'REPLICATION' end,
         case when not r.rolbypassrls then 'BYPASSRLS' end], null) as differs,
       has_database_privilege(current_database(), 'create') as creates_schemas, current_setting('server_version_num')::int as version
     from pg_roles as r where r.rolname = current_user`,
  );
  const me = rows[0] as Me;
  const [major, minor] = [Math.floor(me.version / 10_000), me.version % 10_000];
  const faults: string[] = [];
  if (me.session !== me.role)
    faults.push(`DATABASE_URL logs in as ${me.session} and acts as ${me.role}. Take that setting from the role.`);
  if (!me.creates_roles)
    faults.push(`${me.role} may not create roles, which npm run migrate has to. Use the role postgres of the project.`);
  if (!me.creates_schemas)
    faults.push(`${me.role} may not create schemas in this database. Use the role postgres of the project.`);
  const least = leastMinor[major] ?? (major < 15 ? Number.POSITIVE_INFINITY : 0);
  if (minor < least) {
    faults.push(
      `PostgreSQL ${major}.${minor} shows rows past row security. Upgrade the project (Project Settings, Infrastructure) to 15.14, 16.10, 17.6 or later.`,
    );
  }
  const remarks = faultsOr(faults, `DATABASE_URL logs in as ${me.role}, PostgreSQL ${major}.${minor}.`);
  if (me.superuser) remarks.push(note(`${me.role} is a superuser: no hosted project has one.`));
  else if (me.differs.length > 0)
    remarks.push(
      note(`${me.role} has no ${me.differs.join(', ')}, as postgres has on hosted Supabase; nothing needs it.`),
    );
  return remarks;
}
