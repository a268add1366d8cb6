/**
 * `npm run drift -- --organization nhf`: compares every record with the organisation's member system, by index, in the worker's
 * environment, and says how many agree. Differences become cases. Ends with 1 when something could not be read.
 */
import { endWithCode, withServableDatabase } from './command.ts';
import { readConfig } from './config.ts';
import { createCarrier } from './create-worker.ts';
import { compareDrift } from './drift.ts';

const command = {
  name: 'drift',
  synopsis: '--organization SLUG',
  about: `  --organization SLUG  whose records are compared with its member system, such as nhf`,
  options: { organization: { type: 'string' } },
  required: ['organization'],
} as const;

async function compare(organization: string): Promise<boolean> {
  const config = readConfig();
  return withServableDatabase(config, async (database) => {
    if (!(await database.readableOrganizations()).some((each) => each.organization === organization)) {
      console.error(
        `drift: the configuration does not say how the member system of ${organization} is read: set read_url_template and read_pointer (docs/operations.md, "Drift")`,
      );
      return false;
    }
    const { authorize, readingFetch: fetch, indexer } = createCarrier(config);
    const { signal } = new AbortController();
    const totals: Record<string, number> = {};
    let after: string | null = null;
    do {
      const page = await compareDrift(organization, after, Number.POSITIVE_INFINITY, {
        database,
        authorize,
        fetch,
        indexer,
        signal,
      });
      for (const [name, count] of Object.entries(page.counts)) totals[name] = (totals[name] ?? 0) + count;
      after = page.after;
    } while (after !== null);
    for (const [name, count] of Object.entries(totals)) console.log(`${name.padEnd(10)}  ${count}`);
    return totals.failed === 0;
  });
}

await endWithCode(command, ({ values }) => compare(values.organization));
