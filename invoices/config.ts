import { readEnvironment } from '../runtime/environment.ts';

export type InvoicesConfig = {
  /** Connects as the role `member_importer`. */
  databaseUrl: string;
};

/** @throws ConfigurationError naming every fault at once, never a value */
export function readInvoicesConfig(environment: Record<string, string | undefined>): InvoicesConfig {
  const env = readEnvironment(environment);
  env.deployment();
  const config = { databaseUrl: env.databaseUrl('DATABASE_URL') };
  env.finish();
  return config;
}
