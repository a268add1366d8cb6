import type { JWK } from 'jose';
import type { IndexSecret, Jwk } from '../personnummer/keys.ts';
import { parsePublicKeys, parseSecrets } from '../personnummer/keys.ts';
import { type Deployment, type DeploymentRules, deploymentRules } from '../runtime/deployment.ts';
import { type EnvironmentReader, readEnvironment } from '../runtime/environment.ts';
import { type LogLevel, logLevels } from '../runtime/logger.ts';
import { parseSigningKeys } from './access-token-keys.ts';

/** Requests a minute that one address may make. */
export interface Rates {
  starts: number;
  callbacks: number;
  tokens: number;
}

export interface CallbackConfig {
  deployment: Deployment;
  rules: DeploymentRules;
  databaseUrl: string;
  databasePoolSize: number;
  host: string;
  port: number;
  /** Base of all our own URLs, without a slash at the end. */
  publicUrl: string;
  /** Public keys; the first one seals. */
  sealingKeys: Jwk[];
  indexSecrets: IndexSecret[];
  /** Private keys; the first one signs. */
  accessTokenKeys: JWK[];
  accessTokenAudience: string;
  transactionSecrets: IndexSecret[];
  /** By the name of the variable; only variables that rows may name. */
  clientSecrets: ReadonlyMap<string, string>;
  /** Proxies between the internet and this process that append to X-Forwarded-For. */
  trustedProxyDepth: number;
  rates: Rates;
  /** Requests that may be under way at once. */
  capacity: number;
  logLevel: LogLevel;
}

type Environment = Record<string, string | undefined>;

/**
 * The only place of this program that reads its environment.
 *
 * @throws {ConfigurationError} naming every fault at once, and no value
 */
export function readCallbackConfig(environment: Environment = process.env): CallbackConfig {
  const env = readEnvironment(environment);
  const deployment = env.deployment();
  const rules = deploymentRules(deployment);
  const config: CallbackConfig = {
    deployment,
    rules,
    databaseUrl: env.databaseUrl('DATABASE_URL'),
    databasePoolSize: env.integer('DATABASE_POOL_SIZE', { min: 1, max: 200, default: 10 }),
    host: env.optional('HOST', '0.0.0.0'),
    port: env.integer('PORT', { min: 0, max: 65_535, default: 8080 }),
    publicUrl: env.url('PUBLIC_URL', rules).href.replace(/\/+$/, ''),
    ...readKeys(env),
    accessTokenAudience: env.optional('ACCESS_TOKEN_AUDIENCE', 'authenticated'),
    clientSecrets: readClientSecrets(environment),
    trustedProxyDepth: env.integer('TRUSTED_PROXY_DEPTH', { min: 0, max: 10, default: 0 }),
    rates: readRates(env),
    capacity: env.integer('MAX_CONCURRENT_REQUESTS', { min: 1, max: 100_000, default: 500 }),
    logLevel: env.oneOf('LOG_LEVEL', logLevels, 'info'),
  };
  env.finish();
  return config;
}

function readKeys(env: EnvironmentReader) {
  return {
    sealingKeys: env.parsed('PERSONNUMMER_SEALING_KEYS', parsePublicKeys).keys,
    indexSecrets: env.parsed('PERSONNUMMER_INDEX_SECRETS', parseSecrets).secrets,
    accessTokenKeys: env.parsed('ACCESS_TOKEN_KEYS', parseSigningKeys).keys,
    transactionSecrets: env.parsed('TRANSACTION_SECRETS', parseSecrets).secrets,
  };
}

function readRates(env: EnvironmentReader): Rates {
  const perMinute = (name: string) => env.integer(name, { min: 1, max: 1_000_000, default: 60 });
  return { starts: perMinute('RATE_STARTS'), callbacks: perMinute('RATE_CALLBACKS'), tokens: perMinute('RATE_TOKENS') };
}

/** Rows are added while the process runs, so every secret they may name is read, and no other variable. */
function readClientSecrets(environment: Environment): ReadonlyMap<string, string> {
  const secrets = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) {
    if (/^OIDC_[A-Z0-9_]+$/.test(name) && value) secrets.set(name, value);
  }
  return secrets;
}
