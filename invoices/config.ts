import { type Deployment, deploymentRules } from '../runtime/deployment.ts';
import { readEnvironment } from '../runtime/environment.ts';
import { type LedgerSetting, readLedgerSetting } from '../runtime/erasure-ledger.ts';

export type InvoicesConfig = {
  deployment: Deployment;
  /** Connects as the role `member_importer`. */
  databaseUrl: string;
  /** Where erasures stand outside the database; null: nowhere. */
  erasureLedger: LedgerSetting | null;
};

/** @throws ConfigurationError naming every fault at once, never a value */
export function readInvoicesConfig(environment: Record<string, string | undefined>): InvoicesConfig {
  const env = readEnvironment(environment);
  const deployment = env.deployment();
  const config: InvoicesConfig = {
    deployment,
    databaseUrl: env.databaseUrl('DATABASE_URL'),
    erasureLedger: readLedgerSetting(env, deploymentRules(deployment)),
  };
  env.finish();
  return config;
}
