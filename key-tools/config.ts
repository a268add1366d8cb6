import { type Deployment, deploymentRules } from '../runtime/deployment.ts';
import { readEnvironment } from '../runtime/environment.ts';
import type { Kind, NamedKey } from './kinds.ts';

export type RotationConfig = {
  deployment: Deployment;
  /** Those of the variable, as the programs have them now. */
  keys: readonly NamedKey[];
  /** Connects as the role that migrates; undefined for kinds that the database knows nothing of. */
  databaseUrl: string | undefined;
  /** The callback's; undefined for kinds that it does not publish. */
  publicUrl: URL | undefined;
};

/**
 * The only place of these commands that reads their environment.
 *
 * @param needs what the step is judged by, beside the keys
 * @throws {ConfigurationError} naming every fault at once, and no value
 */
export function readRotationConfig(
  environment: Record<string, string | undefined>,
  kind: Kind,
  needs: { database: boolean; callback: boolean },
): RotationConfig {
  const env = readEnvironment(environment);
  const deployment = env.deployment();
  const config = {
    deployment,
    keys: env.parsed(kind.variable, kind.parse, 'as the programs have it now').keys,
    databaseUrl: needs.database ? env.databaseUrl('DATABASE_URL') : undefined,
    publicUrl: needs.callback ? env.url('PUBLIC_URL', deploymentRules(deployment)) : undefined,
  };
  env.finish();
  return config;
}
