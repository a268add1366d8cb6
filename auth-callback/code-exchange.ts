import { authorizationCodeGrant } from 'openid-client';
import { LoginError } from './errors.ts';
import { checkIdToken, type VerifiedIdToken } from './id-token-checks.ts';
import type { ProviderClient } from './provider-client.ts';
import { answerToProviderError } from './provider-errors.ts';
import type { ProviderRow } from './provider-row.ts';
import type { LoginTransaction } from './transaction.ts';

/** A login the provider has vouched for, every check passed. */
export interface VerifiedLogin extends VerifiedIdToken {
  /** For userinfo. Never stored, never logged. */
  accessToken: string;
}

/**
 * Redeems the provider's code and verifies what comes back (OpenID Connect Core 1.0 section 3.1.3.7, RFC 9207).
 *
 * @param sent the callback's query as the browser brought it, free of duplicates, its state already compared
 * @param redirectUri the constant that the authorization request named
 * @throws {LoginError} `login_failed` when something does not verify, `temporarily_unavailable` when the provider does
 *   not answer
 */
export async function exchangeCode(
  client: ProviderClient,
  row: ProviderRow,
  transaction: LoginTransaction,
  sent: URLSearchParams,
  redirectUri: string,
): Promise<VerifiedLogin> {
  if (row.issuer !== transaction.issuer) throw new LoginError('issuer_changed', 'login_failed');
  checkIssuerParameter(sent, transaction.issuer);
  if (!sent.get('code')) throw new LoginError('code_missing', 'login_failed');
  const currentUrl = new URL(redirectUri);
  currentUrl.search = sent.toString();
  try {
    const tokens = await authorizationCodeGrant(client.configuration, currentUrl, {
      pkceCodeVerifier: transaction.codeVerifier,
      expectedState: transaction.state,
      expectedNonce: transaction.nonce,
      idTokenExpected: true,
    });
    if (tokens.token_type.toLowerCase() !== 'bearer') throw new LoginError('token_type_unknown', 'login_failed');
    const verified = checkIdToken(tokens.claims() ?? {}, {
      clientId: row.clientId,
      algorithm: row.idTokenSignedResponseAlg,
      accessToken: tokens.access_token,
      minimumAcr: row.minimumAcr,
      now: Date.now() / 1000,
    });
    return { ...verified, accessToken: tokens.access_token };
  } catch (error) {
    const { code, answer } = answerToProviderError(error);
    throw new LoginError(code, answer, { cause: error });
  }
}

/**
 * RFC 9207 section 2.4: exact comparison with the issuer this login was begun with, before anything is sent to it.
 * openid-client also refuses a missing one where the metadata announces it, but lets an empty one pass.
 */
export function checkIssuerParameter(sent: URLSearchParams, issuer: string): void {
  const given = sent.get('iss');
  if (given !== null && given !== issuer) throw new LoginError('iss_parameter_wrong', 'login_failed');
}
