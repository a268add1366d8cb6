import { availableParallelism } from 'node:os';
import { type IndexSecret, type Jwk, parsePublicKeys, parseSecrets } from '../personnummer/keys.ts';
import { type Deployment, deploymentRules } from '../runtime/deployment.ts';
import { readEnvironment } from '../runtime/environment.ts';
import { type LedgerSetting, readLedgerSetting } from '../runtime/erasure-ledger.ts';

export type ImportConfig = {
  deployment: Deployment;
  /** Connects as the role `member_importer`. */
  databaseUrl: string;
  /** Public keys; the first one seals. */
  sealingKeys: Jwk[];
  indexSecrets: IndexSecret[];
  acceptsSynthetic: boolean;
  /** Threads that validate, seal and index. */
  threads: number;
  /** Where erasures stand outside the database; null: nowhere. */
  erasureLedger: LedgerSetting | null;
};

const asInTheCallback = 'the same as the callback has';

type Environment = Record<string, string | undefined>;

/**
 * The only place of this program that reads its environment.
 *
 * @throws {ConfigurationError} naming every fault at once, and no value
 */
export function readImportConfig(environment: Environment = process.env): ImportConfig {
  const env = readEnvironment(environment);
  const deployment = env.deployment();
  const rules = deploymentRules(deployment);
  const config: ImportConfig = {
    deployment,
    databaseUrl: env.databaseUrl('DATABASE_URL'),
    sealingKeys: env.parsed('PERSONNUMMER_SEALING_KEYS', parsePublicKeys, asInTheCallback).keys,
    indexSecrets: env.parsed('PERSONNUMMER_INDEX_SECRETS', parseSecrets, asInTheCallback).secrets,
    acceptsSynthetic: rules.acceptsSynthetic,
    threads: env.integer('IMPORT_THREADS', { min: 1, max: 64, default: Math.min(availableParallelism(), 8) }),
    erasureLedger: readLedgerSetting(env, rules),
  };
  env.finish();
  return config;
}
