import pg from 'pg';
import { type LoginRole, prepareLoginRoles } from '../../../local/login-roles.ts';
import type { RunningPostgres } from '../../../local/postgres.ts';
import { actAsCallback, addKari } from '../../support/acting-callback.ts';
import type { TestDatabase } from '../../support/database.ts';
import { KeptPools } from '../../support/kept-pools.ts';

export async function connect(connectionString: string) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

export const onDatabase = (server: RunningPostgres, name: string) =>
  Object.assign(new URL(server.url), { pathname: `/${name}` });

export async function query(url: string, statements: string) {
  await using client = await connect(url);
  await client.query(statements);
}

/** As psql does it: statement by statement, going on after a failure. @returns what failed */
export async function restore(url: string, sql: string): Promise<string[]> {
  await using client = await connect(url);
  const failures: string[] = [];
  for (const statement of statementsOf(sql))
    await client.query(statement).catch((error) => failures.push(error.message));
  return failures;
}

/** pg_dump ends each statement with `;` at the end of a line, outside of dollar quotes, strings and bodies of SQL. */
function statementsOf(sql: string): string[] {
  const statements: string[] = [];
  let current = '';
  for (const line of sql.split('\n')) {
    if (current === '' && (line === '' || line.startsWith('--'))) continue;
    current += `${line}\n`;
    const quotes = current.replace(/(\$\w*\$)[\s\S]*?\1/g, '');
    const open =
      (/^ {4}BEGIN ATOMIC$/m.test(quotes) && line !== 'END;') ||
      /\$\w*\$/.test(quotes) ||
      (quotes.match(/'/g)?.length ?? 0) % 2 === 1;
    if (line.endsWith(';') && !open) {
      statements.push(current);
      current = '';
    }
  }
  return statements;
}

/** The test helpers' view of a database on a server of its own. */
async function use(server: RunningPostgres, name: string): Promise<TestDatabase> {
  const ownerUrl = onDatabase(server, name).href;
  await using client = await connect(ownerUrl);
  await prepareLoginRoles(client, () => 'local');
  const pools = new KeptPools(ownerUrl);
  const urlFor = (role: LoginRole) => Object.assign(new URL(ownerUrl), { username: role, password: 'local' }).href;
  return {
    name,
    ownerUrl,
    migratorUrl: ownerUrl,
    pool: pools.owner,
    urlFor,
    poolFor: (role) => pools.of(role, urlFor(role)),
    [Symbol.asyncDispose]: () => pools.end(),
  };
}

/** A login, with a number that disagrees with nothing: everything that a login needs is there, or it is `deferred`. */
export async function logsIn(server: RunningPostgres, name: string, number: string): Promise<string> {
  await using db = await use(server, name);
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  return (await callback.login({ personnummer: number })).outcome;
}
