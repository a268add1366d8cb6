import { consoleOutput, runCommand } from '../runtime/command-line.ts';
import { ConfigurationError } from '../runtime/environment.ts';
import { LedgerError, refuseMissingErasures } from '../runtime/erasure-ledger.ts';
import { createGuardedFetch } from '../runtime/guarded-fetch.ts';
import { createLogger } from '../runtime/logger.ts';
import { createPool } from '../runtime/pg-pool.ts';
import { checkProvider, formatReport } from './check/check-provider.ts';
import { type ProviderConfig, readProviderConfig } from './config.ts';
import { createLoginDatabase } from './database/login-database.ts';
import { missingErasures } from './database/missing-erasures.ts';
import type { ProviderRow } from './provider/provider-row.ts';

const command = {
  name: 'provider:check',
  synopsis: '--organization SLUG --provider vipps|bankid|idporten|staff',
  about: `  --organization SLUG  whose provider is looked at, such as nhf
  --provider NAME      which of its providers

Exit: 0 no faults, 1 some, 2 it could not look.`,
  options: { organization: { type: 'string' }, provider: { type: 'string' } },
  required: ['organization', 'provider'],
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
  const fetch = createGuardedFetch({
    deployment: config.deployment,
    timeoutMs: config.providerTimeoutMs,
    maxBytes: 1024 * 1024,
  });
  const report = await checkProvider(row, config, fetch);
  console.log(formatReport(report));
  return report.faults.length === 0 ? 0 : 1;
}

function readConfig(): ProviderConfig | string {
  try {
    return readProviderConfig();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
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

process.exitCode = await runCommand(command, process.argv.slice(2), consoleOutput, ({ values }) => check(values));
