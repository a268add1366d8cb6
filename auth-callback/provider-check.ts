import { parseArgs } from 'node:util';
import { ConfigurationError } from '../runtime/environment.ts';
import { createGuardedFetch } from '../runtime/guarded-fetch.ts';
import { createLogger } from '../runtime/logger.ts';
import { createPool } from '../runtime/pg-pool.ts';
import { checkProvider, formatReport } from './check/check-provider.ts';
import { type ProviderConfig, readProviderConfig } from './config.ts';
import { createLoginDatabase } from './database/login-database.ts';
import type { ProviderRow } from './provider/provider-row.ts';

const usage = 'usage: npm run provider:check -- --organization SLUG --provider vipps|bankid|idporten|staff';

/** `npm run provider:check`: 0 without faults, 1 with some, 2 when it was called wrongly or could not look. */
async function main(): Promise<number> {
  const wanted = readArguments();
  if (wanted === undefined) return fail(usage);
  const config = readConfig();
  if (typeof config === 'string') return fail(config);
  const row = await findRow(config, wanted).catch(() => 'the database cannot be asked: look at DATABASE_URL');
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

interface Wanted {
  organization: string;
  provider: string;
}

function readArguments(): Wanted | undefined {
  try {
    const { values } = parseArgs({ options: { organization: { type: 'string' }, provider: { type: 'string' } } });
    const { organization, provider } = values;
    return organization && provider ? { organization, provider } : undefined;
  } catch {
    // An option that does not exist; the usage says which ones do.
    return undefined;
  }
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

process.exitCode = await main();
