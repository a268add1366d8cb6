import { deploymentRules } from '../runtime/deployment.ts';
import { readEnvironment } from '../runtime/environment.ts';

export type ConfigureConfig = {
  /** Connects as the role that migrates. */
  databaseUrl: string;
  allowsPlainHttp: boolean;
};

/**
 * The only place of this program that reads its environment.
 *
 * @throws {ConfigurationError} naming every fault at once, and no value
 */
export function readConfigureConfig(environment: Record<string, string | undefined>): ConfigureConfig {
  const env = readEnvironment(environment);
  const config = {
    databaseUrl: env.databaseUrl('DATABASE_URL'),
    allowsPlainHttp: deploymentRules(env.deployment()).allowsPlainHttp,
  };
  env.finish();
  return config;
}
