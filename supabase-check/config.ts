import type { JWK } from 'jose';
import { z } from 'zod';
import { type Deployment, deploymentRules } from '../runtime/deployment.ts';
import { type EnvironmentReader, readEnvironment } from '../runtime/environment.ts';

/** A login of ours, and the variable that says how it reaches the database. */
export interface Login {
  readonly role: 'auth_callback' | 'sync_worker' | 'member_importer';
  readonly variable: string;
  readonly url: string;
}

/** The project's API, and the callback whose tokens it is to take. */
export interface ApiConfig {
  /** Without a slash at the end. */
  readonly projectUrl: string;
  /** The public one. */
  readonly apiKey: string;
  /** The callback's, to the letter. */
  readonly publicUrl: string;
  /** Private; the one that signs access tokens. */
  readonly signingKey: JWK;
  readonly audience: string;
}

export interface CheckConfig {
  readonly deployment: Deployment;
  /** Connects as the role that migrates. */
  readonly databaseUrl: string;
  readonly logins: readonly Login[];
  /** Undefined: only the database is looked at. */
  readonly api: ApiConfig | undefined;
}

/**
 * The only place of this program that reads its environment.
 *
 * @throws {ConfigurationError} naming every fault at once, and no value
 */
export function readCheckConfig(
  environment: Record<string, string | undefined>,
  looksAt: { readonly api: boolean },
): CheckConfig {
  const env = readEnvironment(environment);
  const deployment = env.deployment();
  const config: CheckConfig = {
    deployment,
    databaseUrl: env.databaseUrl('DATABASE_URL'),
    logins: [
      {
        role: 'auth_callback',
        variable: 'AUTH_CALLBACK_DATABASE_URL',
        url: env.databaseUrl('AUTH_CALLBACK_DATABASE_URL'),
      },
      { role: 'sync_worker', variable: 'SYNC_WORKER_DATABASE_URL', url: env.databaseUrl('SYNC_WORKER_DATABASE_URL') },
      {
        role: 'member_importer',
        variable: 'MEMBER_IMPORTER_DATABASE_URL',
        url: env.databaseUrl('MEMBER_IMPORTER_DATABASE_URL'),
      },
    ],
    api: looksAt.api ? readApi(env, deployment) : undefined,
  };
  env.finish();
  return config;
}

function readApi(env: EnvironmentReader, deployment: Deployment): ApiConfig {
  const rules = deploymentRules(deployment);
  const withoutSlash = (url: URL) => url.href.replace(/\/+$/, '');
  return {
    projectUrl: withoutSlash(env.url('SUPABASE_URL', rules)),
    apiKey: env.required('SUPABASE_ANON_KEY', "the project's public key, sb_publishable_…"),
    publicUrl: withoutSlash(env.url('PUBLIC_URL', rules)),
    signingKey: env.parsed('ACCESS_TOKEN_KEYS', parseSigningKey, 'as the callback has them').key,
    audience: env.optional('ACCESS_TOKEN_AUDIENCE', 'authenticated'),
  };
}

const keySet = z.object({
  keys: z
    .tuple([z.looseObject({ kty: z.enum(['EC']), crv: z.enum(['P-256']), kid: z.string(), d: z.string() })])
    .rest(z.unknown()),
});

/** The first one signs. */
function parseSigningKey(text: string): { key: JWK; faults: string[] } {
  try {
    const [key] = keySet.parse(JSON.parse(text)).keys;
    return { key, faults: [] };
  } catch {
    // What is thrown quotes the text.
    return { key: {}, faults: ['must be {"keys":[...]}, the first one a private P-256 key with a kid'] };
  }
}
