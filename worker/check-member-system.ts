/**
 * `npm run member-system:check -- --organization nhf`: tries the organisation's member system with the worker's own
 * environment, without changing anything over there. Ends with 0 when everything is all right, else with 1.
 */
import { json } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { endWithCode, withDatabase } from './command.ts';
import { type ReachConfig, readConfig, readReachConfig } from './config.ts';
import { createReader } from './create-worker.ts';
import { checkMemberSystem } from './member-system/check.ts';

/** With `--rows`: rows that are not in the database yet, in a JSON array (`npm run configure -- --plan --try`). */
const givenRows = z.array(z.object({ organization: z.string(), member_system: z.unknown() }));

async function main(): Promise<boolean> {
  const options = { organization: { type: 'string' }, rows: { type: 'boolean' } } as const;
  const { organization, rows } = parseArgs({ options }).values;
  if (rows === true) return await checkGivenRows();
  if (organization === undefined) {
    console.error('member-system:check: say which one: --organization <slug>');
    return false;
  }
  const config = readConfig();
  return withDatabase(config, async (database) => {
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
  const findings = await checkMemberSystem(row, { authorize, fetch: readingFetch });
  for (const { what, failure, seen } of findings) {
    console.log(
      failure === null ? `ok      ${what}${seen === undefined ? '' : ` (${seen})`}` : `failed  ${what}: ${failure}`,
    );
  }
  return findings.every(({ failure }) => failure === null);
}

await endWithCode('member-system:check', main);
