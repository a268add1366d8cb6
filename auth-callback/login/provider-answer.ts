import type { SpanStart } from '../../runtime/tracing/tracing.ts';
import { type Claims, type ContactClaims, readContactClaims } from '../claims/contact-claims.ts';
import { exchangeCode, type VerifiedLogin } from '../provider/code-exchange.ts';
import { type ProviderRow, redirectUri } from '../provider/provider-row.ts';
import { askUserinfo, type UserinfoAnswer } from '../provider/userinfo.ts';
import type { LoginDependencies, LoginInFlight } from './login-in-flight.ts';

/** Everything a provider says about one login, every check passed. */
export interface ProviderAnswer {
  verified: VerifiedLogin;
  userinfo: UserinfoAnswer;
  /** Claims about the subject, the preferred source first; the ID token's come last. */
  sources: Claims[];
  contact: ContactClaims;
}

/**
 * The way of every login, a member's and a coordinator's, up to the question what becomes of it.
 *
 * @throws {LoginError} for what does not verify, and where the provider does not answer
 */
export async function hearProvider(
  { clients, publicUrl }: Pick<LoginDependencies, 'clients' | 'publicUrl'>,
  { row, transaction, sent, log }: LoginInFlight,
): Promise<ProviderAnswer> {
  const client = await clients.clientFor(row);
  const response = { sent, redirectUri: redirectUri(publicUrl, row) };
  const verified = await exchangeCode(client, row, transaction, response);
  const userinfo = await askUserinfo(client, row, verified);
  const { claims, lookup } = verified;
  if (userinfo.status === 'unavailable') {
    log.warn({ event: 'userinfo_unavailable', code: userinfo.code }, 'userinfo could not be used; the login goes on');
  }
  if (lookup.status === 'unavailable') {
    log.warn(
      { event: 'token_lookup_unavailable', code: lookup.code },
      'the token was not looked up; the login goes on',
    );
  }
  const asked = [userinfo, lookup].flatMap((answer) => (answer.status === 'claims' ? [answer.claims] : []));
  const sources = [...asked, claims];
  return { verified, userinfo, sources, contact: readContactClaims(row.provider, sources) };
}

/** All that a provider is asked about one login, as one step of its trace. */
export function providerExchange(row: ProviderRow): SpanStart {
  const attributes = {
    'personnummer_sync.organization': row.organization,
    'personnummer_sync.provider': row.provider,
    'server.address': new URL(row.issuer).hostname,
  };
  return { name: 'provider exchange', kind: 'client', attributes };
}
