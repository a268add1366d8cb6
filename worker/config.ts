import { parseSigners, type Signer } from '../audit-seal/note.ts';
import { type IndexSecret, type Jwk, parsePrivateKeys, parseSecrets } from '../personnummer/keys.ts';
import { type Deployment, deploymentRules } from '../runtime/deployment.ts';
import { type EnvironmentReader, readEnvironment } from '../runtime/environment.ts';
import { type LedgerSetting, readLedgerSetting } from '../runtime/erasure-ledger.ts';
import { type LogLevel, logLevels } from '../runtime/logger.ts';
import { readTracingSetting, type TracingSetting } from '../runtime/tracing/setting.ts';

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
  /** Secrets that rows of `billing.issuers` may name, by the name of their variable. */
  readonly invoiceSecrets: ReadonlyMap<string, string>;
  readonly sealing: SealingConfig;
  /** Jobs at a time. */
  readonly concurrency: number;
  readonly preparedStatements: boolean;
  /** Where `/livez`, `/readyz` and `/metrics` are answered, and the token that `/metrics` asks for; null: nowhere. */
  readonly health: { readonly host: string; readonly port: number; readonly metricsToken: string | null } | null;
  /** Where erasures stand outside the database; null: nowhere. */
  readonly erasureLedger: LedgerSetting | null;
  readonly logLevel: LogLevel;
  /** Where spans are sent; null: nothing is traced. */
  readonly tracing: TracingSetting | null;
}

/** What the worker seals the audit with. */
export interface SealingConfig {
  /** All sign; of one name, which is the name of the audit. */
  readonly signers: readonly [Signer, ...Signer[]];
  /** Where the checkpoints it has signed are kept outside the database; null: nowhere. */
  readonly checkpointFile: string | null;
}

const made = (kind: string) => `npm run keys:create -- ${kind} makes it`;

const memberSystemSecret = /^MEMBER_SYSTEM_[A-Z0-9_]+$/;
const invoiceSecret = /^INVOICE_[A-Z0-9_]+$/;

/** The variables that rows may name. */
function secretsNamed(pattern: RegExp, variables: Record<string, string | undefined>): Map<string, string> {
  const named = Object.entries(variables).filter(
    (entry): entry is [string, string] => pattern.test(entry[0]) && entry[1] !== undefined,
  );
  return new Map(named);
}

type Variables = Record<string, string | undefined>;

/** What it takes to reach member systems. */
export type ReachConfig = Pick<WorkerConfig, 'deployment' | 'memberSystemSecrets'>;

/**
 * For trying member systems whose rows are given, which needs neither keys nor a database.
 *
 * @throws ConfigurationError naming every fault at once, never a value
 */
export function readReachConfig(variables: Variables = process.env): ReachConfig {
  const environment = readEnvironment(variables);
  const config = {
    deployment: environment.deployment(),
    memberSystemSecrets: secretsNamed(memberSystemSecret, variables),
  };
  environment.finish();
  return config;
}

/**
 * Reads the environment once.
 *
 * @throws ConfigurationError naming every fault at once, never a value
 */
export function readConfig(variables: Variables = process.env): WorkerConfig {
  const environment = readEnvironment(variables);
  const port = environment.integer('WORKER_PORT', { min: 0, max: 65_535, default: 0 });
  const host = environment.optional('HOST', '127.0.0.1');
  const metricsToken = environment.optional('WORKER_METRICS_TOKEN') ?? null;
  const deployment = environment.deployment();
  const config: WorkerConfig = {
    deployment,
    databaseUrl: environment.databaseUrl('DATABASE_URL'),
    unsealingKeys: environment.parsed('PERSONNUMMER_UNSEALING_KEYS', parsePrivateKeys, made('sealing')).keys,
    indexSecrets: environment.parsed('PERSONNUMMER_INDEX_SECRETS', parseSecrets, 'the same as the callback has')
      .secrets,
    memberSystemSecrets: secretsNamed(memberSystemSecret, variables),
    invoiceSecrets: secretsNamed(invoiceSecret, variables),
    sealing: readSealing(environment, deployment),
    concurrency: environment.integer('WORKER_CONCURRENCY', { min: 1, max: 100, default: 10 }),
    preparedStatements: environment.oneOf('GRAPHILE_PREPARED_STATEMENTS', ['true', 'false'], 'true') === 'true',
    health: port === 0 ? null : { host, port, metricsToken },
    erasureLedger: readLedgerSetting(environment, deploymentRules(deployment)),
    logLevel: environment.oneOf('LOG_LEVEL', logLevels, 'info'),
    tracing: readTracingSetting(environment),
  };
  environment.finish();
  return config;
}

function readSealing(environment: EnvironmentReader, deployment: Deployment): SealingConfig {
  const { signers } = environment.parsed('AUDIT_SEALING_KEY', parseSigners, made('audit NAME'));
  const checkpointFile = environment.optional('AUDIT_CHECKPOINT_FILE') ?? null;
  // Without it a restored backup looks like any other database, and what was published is signed anew in another way.
  if (deployment === 'production' && checkpointFile === null) {
    environment.fault(
      'AUDIT_CHECKPOINT_FILE',
      'is missing: a file on a disk that the backup of the database does not bring back',
    );
  }
  return { signers: signers as readonly Signer[] as readonly [Signer, ...Signer[]], checkpointFile };
}
