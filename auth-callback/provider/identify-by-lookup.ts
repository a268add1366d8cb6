import { LoginError } from '../errors.ts';
import type { VerifiedLogin } from './code-exchange.ts';
import { authenticationTime, checkAcr, issueTime, readSubject, storableAcr } from './id-token-checks.ts';
import type { ProviderClient } from './provider-client.ts';
import type { ProviderRow } from './provider-row.ts';
import { lookUpToken } from './token-lookup.ts';

/**
 * Who logged in, where there is no ID token: what introspection says of the access token that our own code and verifier
 * were exchanged for. Here the answer is the login's only evidence, so it must name us as the client, and a subject.
 *
 * @throws {LoginError} `temporarily_unavailable` when introspection does not answer, `login_failed` when it says too little
 */
export async function identifyByLookup(
  client: ProviderClient,
  row: ProviderRow,
  accessToken: string,
): Promise<VerifiedLogin> {
  const lookup = await lookUpToken(client, row, { accessToken, subject: undefined });
  if (lookup.status !== 'claims') {
    const code = lookup.status === 'unavailable' ? lookup.code : 'introspection_not_configured';
    throw new LoginError(code, 'temporarily_unavailable');
  }
  const { claims } = lookup;
  if (claims.client_id !== row.clientId) throw new LoginError('introspection_client_missing', 'login_failed');
  const subject = readSubject(claims.sub);
  checkAcr(claims.acr, row.minimumAcr);
  const issuedAt = issueTime(claims.iat, Math.floor(Date.now() / 1000));
  return {
    subject,
    authenticatedAt: authenticationTime(claims.auth_time, issuedAt),
    // Our own clock's time is not the provider's.
    issuedAt: claims.iat === issuedAt ? new Date(Math.floor(issuedAt) * 1000) : undefined,
    acr: storableAcr(claims.acr),
    claims: {},
    accessToken,
    idToken: undefined,
    lookup,
  };
}
