import { tokenIntrospection } from 'openid-client';
import type { Claims } from '../claims/contact-claims.ts';
import { LoginError } from '../errors.ts';
import type { ProviderClient } from './provider-client.ts';
import { answerToProviderError } from './provider-errors.ts';
import type { ProviderRow } from './provider-row.ts';

/** What came of asking what the access token stands for. Only `claims` brings anything that may be used. */
export type LookupAnswer =
  | { status: 'claims'; claims: Claims }
  | { status: 'subject_differs' }
  | { status: 'unavailable'; code: string }
  | { status: 'not_asked' };

/**
 * Asks introspection or tokeninfo about the access token of this login, where the row finds the number there. A failure
 * is an answer, not an exception: it must not stop the login. A token that is not active does.
 *
 * @param subject of the verified ID token; undefined where the row asks for none
 * @throws {LoginError} `login_failed` when the provider says that the token is not active (RFC 7662 section 2.2); nothing
 *   else of that answer is read
 */
export async function lookUpToken(
  client: ProviderClient,
  row: ProviderRow,
  token: { accessToken: string; subject: string | undefined },
): Promise<LookupAnswer> {
  if (client.lookup.status === 'none') return { status: 'not_asked' };
  if (client.lookup.status === 'faulty') return { status: 'unavailable', code: client.lookup.code };
  let claims: Claims;
  try {
    claims = await tokenIntrospection(client.lookup.configuration, token.accessToken);
  } catch (error) {
    return { status: 'unavailable', code: answerToProviderError(error).code };
  }
  if (claims.active !== true) throw new LoginError('access_token_not_active', 'login_failed');
  return judge(claims, row, token.subject);
}

/** An answer about somebody else's token, or another client's, is none about this login. */
function judge(claims: Claims, row: ProviderRow, subject: string | undefined): LookupAnswer {
  if (claims.client_id !== undefined && claims.client_id !== row.clientId) {
    return { status: 'unavailable', code: 'lookup_of_another_client' };
  }
  if (claims.iss !== undefined && claims.iss !== row.issuer) {
    return { status: 'unavailable', code: 'lookup_of_another_issuer' };
  }
  const differs = subject !== undefined && claims.sub !== undefined && claims.sub !== subject;
  return differs ? { status: 'subject_differs' } : { status: 'claims', claims };
}
