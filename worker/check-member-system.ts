/**
 * `npm run member-system:check -- --organization nhf`: tries the organisation's member system with the worker's own
 * environment, without changing anything over there. Ends with 0 when everything is all right, else with 1.
 */
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import { UsageError } from '../runtime/command-line.ts';
import { endWithCode, withServableDatabase } from './command.ts';
import { type ReachConfig, readConfig, readReachConfig } from './config.ts';
import { createReader } from './create-worker.ts';
import { checkMemberSystem, tellFindings } from './member-system/check.ts';

const command = {
  name: 'member-system:check',
  synopsis: '--organization SLUG',
  about: `  --organization SLUG  whose member system is tried, such as nhf; nothing is changed in it
  --rows               instead: rows that are not in the database yet come in a JSON array (npm run configure -- --plan --try)`,
  options: { organization: { type: 'string' }, rows: { type: 'boolean' } },
} as const;

const givenRows = z.array(z.object({ organization: z.string(), member_system: z.unknown() }));

async function checkStoredRow(organization: string): Promise<boolean> {
  const config = readConfig();
  return withServableDatabase(config, async (database) => {
    const found = await database.memberSystem(organization);
    if (found === null) {
      console.error(`member-system:check: there is no organisation ${organization}`);
      return false;
    }
    return await check(found.member_system, config);
  });
}

async function checkGivenRows(): Promise<boolean> {
  const config = readReachConfig();
  let good = true;
  for (const { organization, member_system } of givenRows.parse(await json(process.stdin))) {
    console.log(`${organization} member system:`);
    if (!(await check(member_system, config))) good = false;
  }
  return good;
}

async function check(row: unknown, config: ReachConfig): Promise<boolean> {
  const { authorize, readingFetch } = createReader(config);
  return tellFindings(await checkMemberSystem(row, { authorize, fetch: readingFetch }));
}

await endWithCode(command, ({ values: { organization, rows } }) => {
  if (rows === true) return checkGivenRows();
  if (!organization) throw new UsageError('missing: --organization');
  return checkStoredRow(organization);
});
