/**
 * `npm run member-system:check -- --organization nhf`: tries the organisation's member system with the worker's own
 * environment, without changing anything over there. Ends with 0 when everything is all right, else with 1.
 */
import { endWithCode, withServableDatabase } from './command.ts';
import { readConfig } from './config.ts';
import { createCarrier } from './create-worker.ts';
import { checkMemberSystem } from './member-system/check.ts';

const command = {
  name: 'member-system:check',
  synopsis: '--organization SLUG',
  about: `  --organization SLUG  whose member system is tried, such as nhf; nothing is changed in it`,
  options: { organization: { type: 'string' } },
  required: ['organization'],
} as const;

async function check(organization: string): Promise<boolean> {
  const config = readConfig();
  return withServableDatabase(config, async (database) => {
    const found = await database.memberSystem(organization);
    if (found === null) {
      console.error(`member-system:check: there is no organisation ${organization}`);
      return false;
    }
    const { authorize, readingFetch } = createCarrier(config);
    const findings = await checkMemberSystem(found.member_system, { authorize, fetch: readingFetch });
    for (const { what, failure, seen } of findings) {
      console.log(
        failure === null ? `ok      ${what}${seen === undefined ? '' : ` (${seen})`}` : `failed  ${what}: ${failure}`,
      );
    }
    return findings.every(({ failure }) => failure === null);
  });
}

await endWithCode(command, ({ values }) => check(values.organization));
