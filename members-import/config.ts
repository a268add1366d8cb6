import { availableParallelism } from 'node:os';
import { type IndexSecret, type Jwk, parsePublicKeys, parseSecrets } from '../personnummer/keys.ts';
import { deploymentRules } from '../runtime/deployment.ts';
import { readEnvironment } from '../runtime/environment.ts';

export type ImportConfig = {
  /** Connects as the role `member_importer`. */
  databaseUrl: string;
  /** Public keys; the first one seals. */
  sealingKeys: Jwk[];
  indexSecrets: IndexSecret[];
  acceptsSynthetic: boolean;
  /** Threads that validate, seal and index. */
  threads: number;
};

type Environment = Record<string, string | undefined>;

/**
 * The only place of this program that reads its environment.
 *
 * @throws {ConfigurationError} naming every fault at once, and no value
 */
export function readImportConfig(environment: Environment = process.env): ImportConfig {
  const env = readEnvironment(environment);
  const config: ImportConfig = {
    databaseUrl: env.databaseUrl('DATABASE_URL'),
    sealingKeys: env.parsed('PERSONNUMMER_SEALING_KEYS', parsePublicKeys).keys,
    indexSecrets: env.parsed('PERSONNUMMER_INDEX_SECRETS', parseSecrets).secrets,
    acceptsSynthetic: deploymentRules(env.deployment()).acceptsSynthetic,
    threads: env.integer('IMPORT_THREADS', { min: 1, max: 64, default: Math.min(availableParallelism(), 8) }),
  };
  env.finish();
  return config;
}
