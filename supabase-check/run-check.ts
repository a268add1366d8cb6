import type pg from 'pg';
import { type Output, runCommand } from '../runtime/command-line.ts';
import { ConfigurationError } from '../runtime/environment.ts';
import { createGuardedFetch } from '../runtime/guarded-fetch.ts';
import { scrubText } from '../runtime/scrub.ts';
import { checkExposedSchemas } from './checks/exposed-schemas.ts';
import { checkGuards } from './checks/guards.ts';
import { checkHorizon } from './checks/horizon.ts';
import { checkIssuer } from './checks/issuer.ts';
import { checkLogSettings } from './checks/log-settings.ts';
import { checkLogin } from './checks/logins.ts';
import { checkMigrator } from './checks/migrator.ts';
import { checkOwners } from './checks/queue.ts';
import { checkSession } from './checks/sessions.ts';
import { checkStrangers } from './checks/strangers.ts';
import { type CheckConfig, type Login, readCheckConfig } from './config.ts';
import { codeOf } from './explain-connection.ts';
import { inReadOnly, reach, type Way } from './reach.ts';
import { fault, note, type Remark } from './remark.ts';

const command = {
  name: 'supabase:check',
  synopsis: '[--database]',
  about: `Looks whether a project of hosted Supabase is set up as this system needs it. Changes nothing.
  --database  looks at the database only, before the callback runs and the API is set up

Exit: 0 no faults, 1 some, 2 it could not look.`,
  options: { database: { type: 'boolean', default: false } },
} as const;

/** `npm run supabase:check`, without the process around it. @returns the exit code */
export function runSupabaseCheck(
  args: string[],
  environment: Record<string, string | undefined>,
  output: Output,
): Promise<number> {
  return runCommand(command, args, output, async ({ values: { database } }) => {
    const config = readOrComplain(environment, !database, output);
    if (config === undefined) return 2;
    await using connections = new AsyncDisposableStack();
    const open = async (variable: string, url: string) => {
      const way = await reach(variable, url);
      if (way.client !== undefined) connections.use(way.client);
      return way;
    };
    const migrator = await open('DATABASE_URL', config.databaseUrl);
    const logins: Ways['logins'][number][] = [];
    for (const { role, variable, url } of config.logins) logins.push({ role, ...(await open(variable, url)) });
    let faults = 0;
    for (const [title, check] of checksOf(config, { migrator, logins })) {
      output.say(title);
      for (const { kind, text } of await withoutFailing(check)) {
        output.say(`  ${kind.padEnd(5)}  ${scrubText(text)}`);
        if (kind === 'fault') faults += 1;
      }
    }
    output.say(faults === 0 ? '\nno faults' : `\n${faults} ${faults === 1 ? 'fault' : 'faults'}`);
    return faults === 0 ? 0 : 1;
  });
}

function readOrComplain(environment: Record<string, string | undefined>, api: boolean, output: Output) {
  try {
    return readCheckConfig(environment, { api });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    output.complain(`${command.name}: ${error.message}`);
    return undefined;
  }
}

type Check = [title: string, check: () => Promise<Remark[]>];

/** Each way to the database with the login that it is for. */
interface Ways {
  readonly migrator: Way;
  readonly logins: readonly (Way & Pick<Login, 'role'>)[];
}

function checksOf({ api, deployment }: CheckConfig, { migrator, logins }: Ways): Check[] {
  const asMigrator = (check: (client: pg.Client) => Promise<Remark[]>) => async () => {
    const { client } = migrator;
    return client === undefined ? [note('not looked at')] : await inReadOnly(client, () => check(client));
  };
  const fetch = createGuardedFetch({ deployment, timeoutMs: 10_000, maxBytes: 256 * 1024 });
  const ofApi: Check[] =
    api === undefined
      ? []
      : [
          ['6. Exposed schemas', () => checkExposedSchemas(fetch, api)],
          ['7. Access tokens', () => checkIssuer(fetch, api)],
          ['   Users of Supabase Auth', asMigrator((client) => checkStrangers(client, api.projectUrl))],
        ];
  return [
    ['1. Who migrates', migrator.client === undefined ? async () => [fault(migrator.why)] : asMigrator(checkMigrator)],
    ["2. The server's log", asMigrator(checkLogSettings)],
    ['3. Our logins', async () => (await Promise.all(logins.map((way) => checkLogin(way.role, way)))).flat()],
    ['4. Owners', asMigrator(checkOwners)],
    ['5. Sessions', () => Promise.all([migrator, ...logins].map(checkSession))],
    ...ofApi,
    ['8. Guards', asMigrator(checkGuards)],
    ['9. Old transactions', asMigrator(checkHorizon)],
  ];
}

/** What was not thought of is a fault too, and keeps nothing else from being looked at. */
async function withoutFailing(check: () => Promise<Remark[]>): Promise<Remark[]> {
  try {
    return await check();
  } catch (error) {
    return [fault(`This could not be looked at (${codeOf(error)}).`)];
  }
}
