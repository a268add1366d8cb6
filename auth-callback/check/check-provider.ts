import type { GuardedFetch } from '../../runtime/guarded-fetch.ts';
import type { ProviderConfig } from '../config.ts';
import { codeOf } from '../errors.ts';
import { authorizationUrl } from '../provider/authorization-request.ts';
import { discoverProvider, type ProviderClient } from '../provider/provider-client.ts';
import { isStaff, type ProviderRow, redirectUri, registeredAddresses } from '../provider/provider-row.ts';
import { checkClient } from './check-client.ts';
import { watchClock } from './check-clock.ts';
import { checkKeys, checkMetadata, noteMetadata } from './check-metadata.ts';
import { checkRow, noteRow } from './check-row.ts';

/** What a check of one provider's row has found. */
interface CheckReport {
  /** `[what, value]`: what will be asked and sent. Never a secret. */
  facts: [string, string][];
  /** What keeps logins from working, or the number from arriving. */
  faults: string[];
  /** What is worth knowing and no fault. */
  notes: string[];
}

/**
 * Goes through everything a login with this provider depends on, up to the point where a person would have to log in:
 * the row, the environment, the provider's metadata and its keys, the clocks, and, where all that is right, whether it knows our client. Sends two
 * GET requests without credentials, and then one to the token endpoint that can give nothing.
 */
export async function checkProvider(
  row: ProviderRow,
  config: ProviderConfig,
  guardedFetch: GuardedFetch,
): Promise<CheckReport> {
  const clock = watchClock(guardedFetch);
  const { fetch } = clock;
  const report: CheckReport = {
    facts: describeRow(row, config),
    faults: await checkRow(row, config),
    notes: noteRow(row, config),
  };
  const client = await discover(row, config, fetch, report);
  if (client === undefined) return report;
  const { configuration } = client;
  const metadata = configuration.serverMetadata();
  report.facts.push(...(await describeRequests(row, config, client)));
  report.faults.push(...checkMetadata(row, configuration));
  report.notes.push(...noteMetadata(row, configuration));
  report.faults.push(...(await checkKeys(metadata.jwks_uri ?? '', row.idTokenSignedResponseAlg, fetch)));
  report.faults.push(...clock.faults());
  if (report.faults.length === 0) report.faults.push(...(await checkClient(row, config, fetch)));
  return report;
}

/** The metadata are looked at even where the row's own secret is missing. */
async function discover(
  row: ProviderRow,
  { rules, providerTimeoutMs: timeoutMs }: ProviderConfig,
  fetch: GuardedFetch,
  report: CheckReport,
): Promise<ProviderClient | undefined> {
  const asAnybody = { ...row, tokenEndpointAuthMethod: 'none', clientSecretEnv: null, lookupClientSecretEnv: null };
  try {
    const { allowsPlainHttp } = rules;
    return await discoverProvider(asAnybody, { fetch, timeoutMs, secrets: () => undefined, allowsPlainHttp });
  } catch (error) {
    const code = codeOf(error);
    // These four are named already.
    const known = /^provider_(issuer_invalid|client_id_missing|signature_algorithm_refused|secret_name_refused)$/;
    if (!known.test(code)) report.faults.push(explainDiscovery(row.issuer, code));
    return undefined;
  }
}

function explainDiscovery(issuer: string, code: string): string {
  // openid-client's word for it; a slash too many or too few is the commonest mistake.
  return code === 'provider_issuer_mismatch' || code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED'
    ? `discovery at ${issuer}: the metadata there names another issuer (provider_issuer_mismatch); the row must have it letter by letter, a slash at the end counts`
    : `discovery at ${issuer} failed: ${code}`;
}

function describeRow(row: ProviderRow, { deployment, publicUrl }: ProviderConfig): [string, string][] {
  const secret = row.clientSecretEnv === null ? '' : `, secret from ${row.clientSecretEnv}`;
  const lookup = row.lookupClientId === null ? '' : ` as the client ${row.lookupClientId}`;
  const asks = row.askNumberWhenMissing ? `left out for members whose number is confirmed` : 'asked for at every login';
  return [
    ['organisation', `${row.organizationName} (${row.organization})`],
    ['provider', row.provider],
    ['deployment', deployment],
    ['issuer', row.issuer],
    ['client', `${row.clientId}, ${row.tokenEndpointAuthMethod}${secret}`],
    ['redirect URI', `${redirectUri(publicUrl, row)} (to be registered with the provider, exactly so)`],
    ['scopes', row.scopes.join(' ')],
    ...(row.personnummerScope === null ? [] : [['scope of the number', `${row.personnummerScope}, ${asks}`] as const]),
    ['number', isStaff(row) ? 'never read' : `claim ${row.personnummerClaim} of ${row.personnummerFrom}${lookup}`],
    ['ID token', `signed with ${row.idTokenSignedResponseAlg}, and with nothing else`],
    ['level of assurance', row.minimumAcr === null ? 'any' : `at least ${row.minimumAcr}`],
    ['methods', row.requiredAmr.length === 0 ? 'any' : `one of ${row.requiredAmr.join(', ')}`],
    ['consent', row.consentScope === null ? row.consentMode : `${row.consentMode}, scope ${row.consentScope}`],
    ['returns to', registeredAddresses(row).join(', ')],
    ['apps by name', row.clients.map(({ clientId, name }) => `${clientId} (${name})`).join(', ') || 'none'],
  ].map(([name, value]) => [name ?? '', value ?? '']);
}

/** The address a login begins with, with names in place of what is fresh each time. */
async function describeRequests(
  row: ProviderRow,
  { publicUrl }: ProviderConfig,
  client: ProviderClient,
): Promise<[string, string][]> {
  const metadata = client.configuration.serverMetadata();
  const transaction = { state: 'STATE', nonce: 'NONCE', codeVerifier: 'VERIFIER' };
  const sending = { redirectUri: redirectUri(publicUrl, row), askForNumber: true };
  const address = authorizationUrl(client, row, transaction, sending);
  address.searchParams.set('code_challenge', 'CHALLENGE');
  const endpoints = ['token_endpoint', 'jwks_uri', 'userinfo_endpoint', 'introspection_endpoint'] as const;
  return [
    ['a login asks', decodeURIComponent(address.href)],
    ...endpoints.flatMap((name): [string, string][] => {
      const value = metadata[name];
      return value === undefined ? [] : [[name.replaceAll('_', ' '), value]];
    }),
  ];
}

/** Lines for a terminal. */
export function formatReport({ facts, faults, notes }: CheckReport): string {
  const width = Math.max(...facts.map(([name]) => name.length), 0);
  const lines = facts.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  const list = (title: string, items: string[]) =>
    items.length === 0 ? [] : ['', title, ...items.map((item) => `  - ${item}`)];
  const verdict = faults.length === 0 ? 'no faults' : `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}`;
  return [...lines, ...list('Worth knowing', notes), ...list('Faults', faults), '', verdict].join('\n');
}
