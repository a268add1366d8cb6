import pg from 'pg';
import { readEnvironment } from '../../runtime/environment.ts';
import { LOGIN_ROLES, type LoginRole, prepareLoginRoles } from '../login-roles.ts';

// For docker-compose.yml, after the migrations: gives the login roles the passwords that `<ROLE>_PASSWORD` names.

const environment = readEnvironment(process.env);
const databaseUrl = environment.databaseUrl('DATABASE_URL');
const passwords = new Map<LoginRole, string>(
  LOGIN_ROLES.map((role) => [role, environment.required(`${role.toUpperCase()}_PASSWORD`)]),
);
environment.finish();

const client = new pg.Client({ connectionString: databaseUrl });
await client.connect();
// The statements hold the passwords; they must not reach the server's log.
await client.query(`set log_statement = 'none'`);
await prepareLoginRoles(client, (role) => passwords.get(role) ?? '');
await client.end();
