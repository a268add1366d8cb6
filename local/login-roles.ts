import { type ClientBase, escapeIdentifier, escapeLiteral } from 'pg';

/** The roles that programs and people log in as. */
export const LOGIN_ROLES = [
  'auth_callback',
  'sync_worker',
  'member_importer',
  'authenticator',
  'auditor_login',
] as const;
export type LoginRole = (typeof LOGIN_ROLES)[number];

/** Roles that are the surroundings' in production (Supabase's `authenticator`, a person's own login): what they are members of. */
const SURROUNDINGS = { authenticator: ['anon', 'authenticated'], auditor_login: ['auditor'] } as const;

/**
 * Gives the login roles of a migrated cluster their passwords, and creates those that the migrations leave to the
 * surroundings. May be repeated. For local use and tests: in production, whoever runs the database does this.
 *
 * @param client a superuser's connection
 */
export async function prepareLoginRoles(client: ClientBase, passwordOf: (role: LoginRole) => string): Promise<void> {
  const { rows } = await client.query('select rolname from pg_roles where rolname = any($1)', [LOGIN_ROLES]);
  const existing = new Set(rows.map((row: { rolname: string }) => row.rolname));
  for (const [role, groups] of Object.entries(SURROUNDINGS)) {
    if (!existing.has(role)) await client.query(`create role ${role} login`);
    if (role === 'authenticator') await client.query('alter role authenticator noinherit');
    await client.query(`grant ${groups.map(escapeIdentifier).join(', ')} to ${role}`);
  }
  for (const role of LOGIN_ROLES) {
    await client.query(`alter role ${role} login password ${escapeLiteral(passwordOf(role))}`);
  }
}
