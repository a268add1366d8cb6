import type { JWK } from 'jose';
import type { IndexSecret, Jwk } from '../personnummer/keys.ts';
import { parsePublicKeys, parseSecrets } from '../personnummer/keys.ts';
import { type Deployment, type DeploymentRules, deploymentRules } from '../runtime/deployment.ts';
import { type EnvironmentReader, readEnvironment } from '../runtime/environment.ts';
import { type LedgerSetting, readLedgerSetting } from '../runtime/erasure-ledger.ts';
import { type LogLevel, logLevels } from '../runtime/logger.ts';
import { readTracingSetting, type TracingSetting } from '../runtime/tracing/setting.ts';
import { parseSigningKeys } from './session/access-token.ts';
import { webhookSecretFault } from './webhook/webhook-secrets.ts';

/** Requests a minute that one address may make. */
export interface Rates {
  starts: number;
  callbacks: number;
  tokens: number;
  webhooks: number;
}

/** What it takes to look at the providers' rows and talk to the providers. */
export interface ProviderConfig {
  deployment: Deployment;
  rules: DeploymentRules;
  databaseUrl: string;
  /** Base of all our own URLs, without a slash at the end. */
  publicUrl: string;
  /** By the name of the variable; only variables that rows may name. */
  clientSecrets: ReadonlyMap<string, string>;
  /** Milliseconds for each request to a provider. */
  providerTimeoutMs: number;
  /** Of the organisations' webhooks, by the name of the variable. No row may name them. */
  webhookSecrets: ReadonlyMap<string, string>;
  /** Where erasures stand outside the database; null: nowhere. */
  erasureLedger: LedgerSetting | null;
}

export interface CallbackConfig extends ProviderConfig {
  databasePoolSize: number;
  host: string;
  port: number;
  /** Public keys; the first one seals. */
  sealingKeys: Jwk[];
  indexSecrets: IndexSecret[];
  /** Private keys; the first one signs. */
  accessTokenKeys: JWK[];
  accessTokenAudience: string;
  transactionSecrets: IndexSecret[];
  /** Proxies between the internet and this process that append to X-Forwarded-For. */
  trustedProxyDepth: number;
  rates: Rates;
  /** Requests that may be under way at once. */
  capacity: number;
  /** How many of these one address may have. */
  capacityPerAddress: number;
  logLevel: LogLevel;
  /** Whoever has it may read `/metrics`; undefined: nobody. */
  metricsToken: string | undefined;
  /** Where spans are sent; null: nothing is traced. */
  tracing: TracingSetting | null;
}

type Environment = Record<string, string | undefined>;

/**
 * The only place of this program that reads its environment.
 *
 * @throws {ConfigurationError} naming every fault at once, and no value
 */
export function readCallbackConfig(environment: Environment = process.env): CallbackConfig {
  const env = readEnvironment(environment);
  const providers = readProviders(env, environment);
  const config: CallbackConfig = {
    ...providers,
    databasePoolSize: env.integer('DATABASE_POOL_SIZE', { min: 1, max: 200, default: 10 }),
    host: env.optional('HOST', '0.0.0.0'),
    port: env.integer('PORT', { min: 0, max: 65_535, default: 8080 }),
    ...readKeys(env),
    accessTokenAudience: env.optional('ACCESS_TOKEN_AUDIENCE', 'authenticated'),
    trustedProxyDepth: env.integer('TRUSTED_PROXY_DEPTH', { min: 0, max: 10, default: 0 }),
    rates: readRates(env),
    capacity: env.integer('MAX_CONCURRENT_REQUESTS', { min: 1, max: 100_000, default: 1_000 }),
    capacityPerAddress: env.integer('MAX_CONCURRENT_PER_ADDRESS', { min: 1, max: 1_000_000, default: 100 }),
    logLevel: env.oneOf('LOG_LEVEL', logLevels, 'info'),
    metricsToken: env.bearerToken('METRICS_TOKEN'),
    tracing: readTracingSetting(env),
  };
  env.finish();
  return config;
}

/**
 * For `npm run provider:check`, which needs none of the keys.
 *
 * @throws {ConfigurationError} naming every fault at once, and no value
 */
export function readProviderConfig(environment: Environment = process.env): ProviderConfig {
  const env = readEnvironment(environment);
  const config = readProviders(env, environment);
  env.finish();
  return config;
}

function readProviders(env: EnvironmentReader, environment: Environment): ProviderConfig {
  const deployment = env.deployment();
  const rules = deploymentRules(deployment);
  return {
    deployment,
    rules,
    databaseUrl: env.databaseUrl('DATABASE_URL'),
    publicUrl: env.origin('PUBLIC_URL', rules).href.replace(/\/+$/, ''),
    providerTimeoutMs: env.integer('PROVIDER_TIMEOUT_MS', { min: 100, max: 5_000, default: 5_000 }),
    erasureLedger: readLedgerSetting(env, rules),
    ...readSecrets(env, environment),
  };
}

function readKeys(env: EnvironmentReader) {
  const made = (kind: string) => `npm run keys:create -- ${kind} makes it`;
  const indexSecrets = env.parsed('PERSONNUMMER_INDEX_SECRETS', parseSecrets, made('index')).secrets;
  const transactionSecrets = env.parsed('TRANSACTION_SECRETS', parseSecrets, made('transaction')).secrets;
  // What is sealed with one of them leaves this program in a cookie.
  const indexing = new Set(indexSecrets.map(bytesOf));
  if (transactionSecrets.some((each) => indexing.has(bytesOf(each)))) {
    env.fault(
      'TRANSACTION_SECRETS',
      `has a secret of PERSONNUMMER_INDEX_SECRETS, and needs its own: ${made('transaction')}`,
    );
  }
  return {
    sealingKeys: env.parsed('PERSONNUMMER_SEALING_KEYS', parsePublicKeys, made('sealing')).keys,
    indexSecrets,
    accessTokenKeys: env.parsed('ACCESS_TOKEN_KEYS', parseSigningKeys, made('access-token')).keys,
    transactionSecrets,
  };
}

const bytesOf = ({ secret }: IndexSecret) => Buffer.from(secret).toString('base64');

function readRates(env: EnvironmentReader): Rates {
  const perMinute = (name: string) => env.integer(name, { min: 1, max: 1_000_000, default: 60 });
  return {
    starts: perMinute('RATE_STARTS'),
    callbacks: perMinute('RATE_CALLBACKS'),
    tokens: perMinute('RATE_TOKENS'),
    webhooks: perMinute('RATE_WEBHOOKS'),
  };
}

/** Rows are added while the process runs, so every secret they may name is read, and no other variable. */
function readSecrets(env: EnvironmentReader, environment: Environment) {
  const clientSecrets = new Map<string, string>();
  const webhookSecrets = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) {
    if (!/^OIDC_[A-Z0-9_]+$/.test(name) || !value) continue;
    if (!name.startsWith('OIDC_WEBHOOK_SECRET_')) {
      clientSecrets.set(name, value);
      continue;
    }
    const fault = webhookSecretFault(value);
    if (fault !== undefined) env.fault(name, fault);
    webhookSecrets.set(name, value);
  }
  return { clientSecrets, webhookSecrets };
}
