import { parseSecrets } from '../personnummer/keys.ts';
import { type Deployment, type DeploymentRules, deploymentRules } from '../runtime/deployment.ts';
import { type EnvironmentReader, readEnvironment } from '../runtime/environment.ts';
import { type LogLevel, logLevels } from '../runtime/logger.ts';
import type { SealingSecret } from '../runtime/sealed-box.ts';

/** Where schema `api` is: a Supabase project, which asks for its public key, or a plain PostgREST. */
export interface ApiAddress {
  url: string;
  /** Undefined: plain PostgREST. */
  key: string | undefined;
}

/** An organisation whose coordinators sign in here. */
export interface DeskOrganization {
  slug: string;
  name: string;
}

export interface DeskConfig {
  deployment: Deployment;
  rules: DeploymentRules;
  /** Base of our own addresses, without a slash at the end. */
  deskUrl: string;
  /** The callback: the issuer of our tokens. */
  callbackUrl: URL;
  api: ApiAddress;
  /** In the order in which they are offered. */
  organizations: DeskOrganization[];
  /** Seal what we leave in the browser; the first one seals, all of them open. */
  cookieSecrets: SealingSecret[];
  host: string;
  port: number;
  /** Milliseconds for each request to `api`, and to the callback. */
  apiTimeoutMs: number;
  /** Proxies between the internet and this process that append to X-Forwarded-For. */
  trustedProxyDepth: number;
  /** Requests a minute that one address may make. */
  rate: number;
  /** Requests that may be under way at once. */
  capacity: number;
  /** How many of these one address may have. */
  capacityPerAddress: number;
  logLevel: LogLevel;
  /** Whoever has it may read `/metrics`; undefined: nobody. */
  metricsToken: string | undefined;
}

/**
 * The only place of this program that reads its environment.
 *
 * @throws {ConfigurationError} naming every fault at once, and no value
 */
export function readDeskConfig(environment: Record<string, string | undefined> = process.env): DeskConfig {
  const env = readEnvironment(environment);
  const deployment = env.deployment();
  const rules = deploymentRules(deployment);
  const config: DeskConfig = {
    deployment,
    rules,
    deskUrl: env.origin('DESK_URL', rules).href.replace(/\/+$/, ''),
    callbackUrl: env.origin('CALLBACK_URL', rules),
    api: readApiAddress(env, rules),
    organizations: env.parsed('DESK_ORGANIZATIONS', parseOrganizations, 'slug=Name; slug=Name').organizations,
    cookieSecrets: env.parsed(
      'DESK_COOKIE_KEY',
      parseSecrets,
      'npm run keys:create -- transaction makes one of its form',
    ).secrets,
    host: env.optional('HOST', '0.0.0.0'),
    port: env.integer('PORT', { min: 0, max: 65_535, default: 8081 }),
    apiTimeoutMs: env.integer('API_TIMEOUT_MS', { min: 100, max: 30_000, default: 10_000 }),
    trustedProxyDepth: env.integer('TRUSTED_PROXY_DEPTH', { min: 0, max: 10, default: 0 }),
    rate: env.integer('RATE_PAGES', { min: 1, max: 1_000_000, default: 300 }),
    capacity: env.integer('MAX_CONCURRENT_REQUESTS', { min: 1, max: 100_000, default: 1_000 }),
    capacityPerAddress: env.integer('MAX_CONCURRENT_PER_ADDRESS', { min: 1, max: 1_000_000, default: 100 }),
    logLevel: env.oneOf('LOG_LEVEL', logLevels, 'info'),
    metricsToken: env.bearerToken('METRICS_TOKEN'),
  };
  env.finish();
  return config;
}

function readApiAddress(env: EnvironmentReader, rules: DeploymentRules): ApiAddress {
  if (env.has('SUPABASE_URL')) {
    if (env.has('POSTGREST_URL')) env.fault('POSTGREST_URL', 'is one too many beside SUPABASE_URL');
    const { href } = env.url('SUPABASE_URL', rules);
    return { url: href, key: env.required('SUPABASE_ANON_KEY', 'the public key of the Supabase project') };
  }
  return { url: env.url('POSTGREST_URL', rules).href, key: undefined };
}

/** `nhf=Norges Handikapforbund; hlf=HLF`. */
function parseOrganizations(text: string): { organizations: DeskOrganization[]; faults: string[] } {
  const entries = text.split(';').map((entry) => /^\s*([a-z0-9-]{1,63})\s*=\s*(\S.*?)\s*$/.exec(entry));
  const organizations = entries.flatMap((found) => (found ? [{ slug: found[1] ?? '', name: found[2] ?? '' }] : []));
  const slugs = organizations.map(({ slug }) => slug);
  const twice = new Set(slugs).size < slugs.length;
  const faults = [
    ...(organizations.length === entries.length ? [] : ['must be of the form "slug=Name; slug=Name"']),
    ...(twice ? ['names an organisation twice'] : []),
  ];
  return { organizations, faults };
}
