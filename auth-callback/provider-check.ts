import { json } from 'node:stream/consumers';
import { consoleOutput, runCommand, UsageError } from '../runtime/command-line.ts';
import { ConfigurationError } from '../runtime/environment.ts';
import { LedgerError, refuseMissingErasures } from '../runtime/erasure-ledger.ts';
import { createGuardedFetch, type GuardedFetch } from '../runtime/guarded-fetch.ts';
import { createLogger } from '../runtime/logger.ts';
import { createPool } from '../runtime/pg-pool.ts';
import { checkProvider, formatReport } from './check/check-provider.ts';
import { type ProviderConfig, readProviderConfig } from './config.ts';
import { createLoginDatabase, parseProviderRows } from './database/login-database.ts';
import { missingErasures } from './database/missing-erasures.ts';
import type { ProviderRow } from './provider/provider-row.ts';

const command = {
  name: 'provider:check',
  synopsis: '--organization SLUG --provider vipps|bankid|idporten|staff',
  about: `  --organization SLUG  whose provider is looked at, such as nhf
  --provider NAME      which of its providers
  --rows               instead: rows that are not in the database yet come in a JSON array, as login.providers would give them
                       (npm run configure -- --plan --try)

Exit: 0 no faults, 1 some, 2 it could not look.`,
  options: { organization: { type: 'string' }, provider: { type: 'string' }, rows: { type: 'boolean' } },
} as const;

/** What `npm run provider:check` is asked about. */
type Wanted = { readonly organization: string; readonly provider: string };

async function check(wanted: Wanted): Promise<number> {
  const config = readConfig();
  if (typeof config === 'string') return fail(config);
  const row = await findRow(config, wanted).catch((error) =>
    error instanceof LedgerError
      ? `${error.code}: ${error.message}`
      : 'the database cannot be asked: look at DATABASE_URL',
  );
  if (typeof row === 'string') return fail(row);
  const report = await checkProvider(row, config, createFetch(config));
  console.log(formatReport(report));
  return report.faults.length === 0 ? 0 : 1;
}

async function checkGivenRows(): Promise<number> {
  const config = readConfig();
  if (typeof config === 'string') return fail(config);
  const fetch = createFetch(config);
  let faults = 0;
  for (const row of parseProviderRows((await json(process.stdin)) as Record<string, unknown>[])) {
    const report = await checkProvider(row, config, fetch);
    console.log(`${row.organization} ${row.provider}: ${formatReport({ ...report, facts: [] }).trim()}`);
    faults += report.faults.length;
  }
  return faults === 0 ? 0 : 1;
}

function createFetch({ deployment, providerTimeoutMs: timeoutMs }: ProviderConfig): GuardedFetch {
  return createGuardedFetch({ deployment, timeoutMs, maxBytes: 1024 * 1024 });
}

function readConfig(): ProviderConfig | string {
  try {
    return readProviderConfig();
  } catch (error) {
    if (error instanceof ConfigurationError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

/** @returns the row, or a sentence that says why there is none */
async function findRow(config: ProviderConfig, { organization, provider }: Wanted): Promise<ProviderRow | string> {
  const log = createLogger({ name: 'provider-check', level: 'silent' });
  const pool = createPool({
    connectionString: config.databaseUrl,
    max: 1,
    applicationName: 'provider-check',
    log,
  });
  try {
    await refuseMissingErasures(config.erasureLedger, config.deployment, missingErasures(pool));
    const rows = await createLoginDatabase(pool).providers(5_000);
    const row = rows.find((each) => each.organization === organization && each.provider === provider);
    if (row !== undefined) return row;
    const others = rows.map((each) => `${each.organization} ${each.provider}`).join(', ') || 'none';
    return `there is no enabled row for ${organization} and ${provider} in registry.identity_providers; there are: ${others}`;
  } finally {
    await pool.end();
  }
}

function fail(why: string): number {
  console.error(why);
  return 2;
}

process.exitCode = await runCommand(command, process.argv.slice(2), consoleOutput, ({ values }) => {
  const { organization, provider, rows } = values;
  if (rows === true) return checkGivenRows();
  if (!organization || !provider) throw new UsageError('missing: --organization and --provider');
  return check({ organization, provider });
});
