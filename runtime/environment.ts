import pg from 'pg';
import { type Deployment, type DeploymentRules, deployments } from './deployment.ts';

type ConfigurationFault = { name: string; why: string };

/** Everything that is wrong with the environment, by variable; never a value. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code = 'configuration_invalid';
  readonly faults: ConfigurationFault[];

  constructor(faults: ConfigurationFault[]) {
    super(['the configuration has faults:', ...faults.map(({ name, why }) => `  ${name} ${why}`)].join('\n'));
    this.faults = faults;
  }
}

/**
 * Reads variables one after the other. A fault is collected and a stand-in returned, so that `finish` can name all
 * faults at once; nothing read may be used before `finish` has returned. An empty variable counts as absent.
 */
export class EnvironmentReader {
  readonly #environment: Record<string, string | undefined>;
  readonly #faults: ConfigurationFault[] = [];

  constructor(environment: Record<string, string | undefined>) {
    this.#environment = environment;
  }

  /** @param hint what to write, where it is missing */
  required(name: string, hint?: string): string {
    const text = this.optional(name);
    if (text === undefined) this.fault(name, missing(hint));
    return text ?? '';
  }

  optional(name: string): string | undefined;
  optional(name: string, fallback: string): string;
  optional(name: string, fallback?: string): string | undefined {
    return this.#environment[name] || fallback;
  }

  /** Whether a variable is there; for secrets that rows of the database name. */
  has(name: string): boolean {
    return this.optional(name) !== undefined;
  }

  /** A whole number in decimal digits, `min` to `max` inclusive; required where there is no `default`. */
  integer(name: string, bounds: { min: number; max: number; default?: number }): number {
    const text = this.optional(name);
    if (text === undefined && bounds.default !== undefined) return bounds.default;
    if (text !== undefined && isInteger(text, bounds)) return Number(text);
    this.fault(name, text === undefined ? 'is missing' : `must be a whole number from ${bounds.min} to ${bounds.max}`);
    return bounds.min;
  }

  oneOf<T extends string>(name: string, values: readonly T[], fallback: T): T {
    const text = this.optional(name, fallback);
    const found = values.find((value) => value === text);
    if (found === undefined) this.fault(name, `must be one of ${values.join(', ')}`);
    return found ?? fallback;
  }

  /** `DEPLOYMENT`, `production` where it is absent. */
  deployment(): Deployment {
    return this.oneOf('DEPLOYMENT', deployments, 'production');
  }

  /** An absolute URL without credentials, query or fragment; https unless the rules allow http. */
  url(name: string, rules: Pick<DeploymentRules, 'allowsPlainHttp'>): URL {
    const text = this.optional(name);
    const url = text === undefined ? null : URL.parse(text);
    const why =
      text === undefined ? missing('an https address, such as https://login.example.org') : whyNotBaseUrl(url, rules);
    if (why !== undefined) this.fault(name, why);
    return url ?? new URL('https://stand-in.invalid');
  }

  /** The same of a program that has the host to itself: its cookies (`__Host-`) and the addresses that standards fix are at the root of one. */
  origin(name: string, rules: Pick<DeploymentRules, 'allowsPlainHttp'>): URL {
    const url = this.url(name, rules);
    if (url.pathname !== '/') this.fault(name, `must be a host of its own, without a path: ${url.origin}`);
    return url;
  }

  /**
   * A `postgres://` or `postgresql://` URL. In production a database on another machine is reached by TLS, and its certificate is verified;
   * but for the hosts that `DATABASE_WITHOUT_TLS` names, with commas between.
   */
  databaseUrl(name: string): string {
    const text = this.required(name, 'postgres://ROLE:PASSWORD@HOST/DATABASE?sslmode=verify-full');
    const scheme = URL.parse(text)?.protocol ?? '';
    if (text !== '' && !/^postgres(ql)?:$/.test(scheme)) this.fault(name, 'must be a postgres:// URL');
    else if (text !== '' && this.deployment() === 'production') {
      const exempt = this.optional('DATABASE_WITHOUT_TLS', '').split(',');
      const why = whyNotProtected(text, new Set(exempt.map((host) => host.trim())));
      if (why !== undefined) this.fault(name, why);
    }
    return text;
  }

  /** A secret that somebody sends as a bearer token (RFC 6750); undefined where it is absent. */
  bearerToken(name: string): string | undefined {
    const token = this.optional(name);
    if (token !== undefined && !/^[A-Za-z0-9._~+/-]{32,200}=*$/.test(token)) {
      this.fault(name, 'must be 32 to 200 characters that a bearer token may have');
    }
    return token;
  }

  /**
   * A required text that a parser of the caller judges; its faults are collected under this name.
   *
   * @param hint what to write, where it is missing
   */
  parsed<T extends { faults: string[] }>(name: string, parse: (text: string) => T, hint?: string): T {
    const outcome = parse(this.optional(name, ''));
    for (const why of this.has(name) ? outcome.faults : [missing(hint)]) this.fault(name, why);
    return outcome;
  }

  /** @param why a short sentence without subject ("is weak"), and without the value */
  fault(name: string, why: string): void {
    if (this.#faults.some((known) => known.name === name && known.why === why)) return;
    this.#faults.push({ name, why });
  }

  /** @throws {ConfigurationError} naming every fault */
  finish(): void {
    if (this.#faults.length > 0) throw new ConfigurationError(this.#faults);
  }
}

/** @param environment `process.env`, or what stands for it in a test */
export function readEnvironment(environment: Record<string, string | undefined>): EnvironmentReader {
  return new EnvironmentReader(environment);
}

const missing = (hint?: string) => (hint === undefined ? 'is missing' : `is missing: ${hint}`);

function isInteger(text: string, { min, max }: { min: number; max: number }): boolean {
  return /^-?[0-9]{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max;
}

/**
 * What the driver makes of the URL is asked of the driver: parameters of the URL may name another host than the URL does, and take TLS away
 * again. That `verify-full` stands there is for whatever else reads the URL (dbmate, psql), where `require` verifies nothing.
 *
 * @param exempt hosts that are reached without TLS
 * @returns what is wrong, without a value
 */
function whyNotProtected(text: string, exempt: ReadonlySet<string>): string | undefined {
  let client: pg.Client & { ssl?: unknown };
  try {
    client = new pg.Client({ connectionString: text });
  } catch {
    // The driver has read the files that the URL names; what it says quotes their path.
    return 'cannot be read, or names a certificate that is not there (sslrootcert)';
  }
  const { host } = client;
  if (isThisMachine(host) || exempt.has(host)) return undefined;
  const modes = new URL(text).searchParams.getAll('sslmode');
  const { rejectUnauthorized, checkServerIdentity } = Object(client.ssl) as Record<string, unknown>;
  const verifies = Boolean(client.ssl) && rejectUnauthorized !== false && checkServerIdentity === undefined;
  if (verifies && modes.length > 0 && modes.every((mode) => mode === 'verify-full')) return undefined;
  return 'is a database on another machine without verified TLS: write ?sslmode=verify-full at its end (and &sslrootcert=FILE for a certificate of your own), or name its host in DATABASE_WITHOUT_TLS where nobody else is on that network';
}

/** A socket in the file system, or the loopback interface. */
function isThisMachine(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function whyNotBaseUrl(url: URL | null, rules: Pick<DeploymentRules, 'allowsPlainHttp'>): string | undefined {
  if (url === null) return 'is not an absolute URL';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be an https URL';
  if (url.protocol === 'http:' && !rules.allowsPlainHttp) return 'must be https in this deployment';
  if (url.username !== '' || url.password !== '') return 'must not hold credentials';
  if (url.search !== '' || url.hash !== '') return 'must not have a query or a fragment';
  return undefined;
}
