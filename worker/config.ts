import { type IndexSecret, type Jwk, parsePrivateKeys, parseSecrets } from '../personnummer/keys.ts';
import { type Deployment, deploymentRules } from '../runtime/deployment.ts';
import { readEnvironment } from '../runtime/environment.ts';
import { type LedgerSetting, readLedgerSetting } from '../runtime/erasure-ledger.ts';
import { type LogLevel, logLevels } from '../runtime/logger.ts';

/** Everything the worker takes from its environment. */
export interface WorkerConfig {
  readonly deployment: Deployment;
  /** Connects as the role `sync_worker`. */
  readonly databaseUrl: string;
  /** Private keys; old ones stay until nothing is sealed for them any more. */
  readonly unsealingKeys: Jwk[];
  readonly indexSecrets: IndexSecret[];
  /** Secrets that rows of `sync.member_systems` may name, by the name of their variable. */
  readonly memberSystemSecrets: ReadonlyMap<string, string>;
  /** Jobs at a time. */
  readonly concurrency: number;
  readonly preparedStatements: boolean;
  /** Where `/livez`, `/readyz` and `/metrics` are answered, and the token that `/metrics` asks for; null: nowhere. */
  readonly health: { readonly host: string; readonly port: number; readonly metricsToken: string | null } | null;
  /** Where erasures stand outside the database; null: nowhere. */
  readonly erasureLedger: LedgerSetting | null;
  readonly logLevel: LogLevel;
}

const memberSystemSecret = /^MEMBER_SYSTEM_[A-Z0-9_]+$/;

/**
 * Reads the environment once.
 *
 * @throws ConfigurationError naming every fault at once, never a value
 */
export function readConfig(variables: Record<string, string | undefined> = process.env): WorkerConfig {
  const environment = readEnvironment(variables);
  const port = environment.integer('WORKER_PORT', { min: 0, max: 65_535, default: 0 });
  const host = environment.optional('HOST', '127.0.0.1');
  const metricsToken = environment.optional('WORKER_METRICS_TOKEN') ?? null;
  const secrets = Object.entries(variables).filter(
    (entry): entry is [string, string] => memberSystemSecret.test(entry[0]) && entry[1] !== undefined,
  );
  const deployment = environment.deployment();
  const config: WorkerConfig = {
    deployment,
    databaseUrl: environment.databaseUrl('DATABASE_URL'),
    unsealingKeys: environment.parsed('PERSONNUMMER_UNSEALING_KEYS', parsePrivateKeys).keys,
    indexSecrets: environment.parsed('PERSONNUMMER_INDEX_SECRETS', parseSecrets).secrets,
    memberSystemSecrets: new Map(secrets),
    concurrency: environment.integer('WORKER_CONCURRENCY', { min: 1, max: 100, default: 10 }),
    preparedStatements: environment.oneOf('GRAPHILE_PREPARED_STATEMENTS', ['true', 'false'], 'true') === 'true',
    health: port === 0 ? null : { host, port, metricsToken },
    erasureLedger: readLedgerSetting(environment, deploymentRules(deployment)),
    logLevel: environment.oneOf('LOG_LEVEL', logLevels, 'info'),
  };
  environment.finish();
  return config;
}
