/**
 * `npm run issuer:check -- --organization nhf`: tries the organisation's invoice service with the worker's own environment: the row, the
 * secrets, and an access token. It asks for no issue-token: that needs an invoice. Ends with 0 when everything is all right, else with 1.
 */
import { endWithCode, withServableDatabase } from './command.ts';
import { readConfig } from './config.ts';
import { createCarrier, createInvoicing } from './create-worker.ts';
import { readIssuer } from './invoices/issuer.ts';
import { tellFindings, tryOut } from './member-system/check.ts';

const command = {
  name: 'issuer:check',
  synopsis: '--organization SLUG',
  about: '  --organization SLUG  whose invoice service is tried, such as nhf; no issue-token is asked for',
  options: { organization: { type: 'string' } },
  required: ['organization'],
} as const;

async function check(organization: string): Promise<boolean> {
  const config = readConfig();
  return withServableDatabase(config, async (database) => {
    const found = await database.issuer(organization);
    if (found === null || found.issuer === null) {
      const what = found === null ? `organisation ${organization}` : `issuer of ${organization}`;
      console.error(`issuer:check: there is no ${what}`);
      return false;
    }
    const { service } = createInvoicing(config, createCarrier(config));
    return tellFindings([
      await tryOut('the row', () => {
        const { interface: version, scheme, tokenPlace } = readIssuer(found.issuer);
        return `interface ${version}, ${scheme}, issue-token in the ${tokenPlace}`;
      }),
      await tryOut('secrets and access token', async () => {
        await service.authorize(readIssuer(found.issuer));
        return undefined;
      }),
    ]);
  });
}

await endWithCode(command, ({ values }) => check(values.organization));
