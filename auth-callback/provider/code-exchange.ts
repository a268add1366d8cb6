import { authorizationCodeGrant } from 'openid-client';
import type { Claims } from '../claims/contact-claims.ts';
import { LoginError } from '../errors.ts';
import type { LoginTransaction } from '../transaction/transaction.ts';
import {
  authenticationTime,
  checkAcr,
  checkAmr,
  checkForm,
  checkIdToken,
  checkKind,
  issueTime,
  readSubject,
  storableAcr,
  type VerifiedIdToken,
} from './id-token-checks.ts';
import type { ProviderClient } from './provider-client.ts';
import { answerToProviderError } from './provider-errors.ts';
import { asksForIdToken, type ProviderRow } from './provider-row.ts';
import { type LookupAnswer, lookUpToken } from './token-lookup.ts';

/** A login the provider has vouched for, every check passed. */
export interface VerifiedLogin extends VerifiedIdToken {
  /** For userinfo. Never stored, never logged. */
  accessToken: string;
  /** For a second leg's `id_token_hint`. Holds the number where the provider puts it there. */
  idToken: string | undefined;
  lookup: LookupAnswer;
}

/** The browser's way back from the provider. */
interface CodeResponse {
  /** The callback's query as the browser brought it, free of duplicates, its state already compared. */
  sent: URLSearchParams;
  /** The constant that the authorization request named. */
  redirectUri: string;
}

/**
 * Redeems the provider's code and verifies what comes back (OpenID Connect Core 1.0 section 3.1.3.7, RFC 9207), and, where
 * the row finds the number there, what the access token stands for.
 *
 * @throws {LoginError} `login_failed` when something does not verify, `temporarily_unavailable` when the provider does
 *   not answer
 */
export async function exchangeCode(
  client: ProviderClient,
  row: ProviderRow,
  transaction: LoginTransaction,
  response: CodeResponse,
): Promise<VerifiedLogin> {
  if (row.issuer !== transaction.issuer) throw new LoginError('issuer_changed', 'login_failed');
  checkIssuerParameter(response.sent, transaction.issuer);
  if (!response.sent.get('code')) throw new LoginError('code_missing', 'login_failed');
  try {
    const tokens = await redeem(client, row, transaction, response);
    if (tokens.token_type.toLowerCase() !== 'bearer') throw new LoginError('token_type_unknown', 'login_failed');
    const accessToken = tokens.access_token;
    if (!asksForIdToken(row)) return await identifyByLookup(client, row, accessToken);
    // openid-client has checked the claims; in the code flow it takes TLS for the signature (Core 3.1.3.7 (6)). Ours is
    // evidence of a legal identity, so it is always verified.
    const header = await client.verifySignature(checkForm(tokens.id_token));
    const claims: Claims = tokens.claims() ?? {};
    checkKind(header, claims);
    const verified = checkIdToken(claims, {
      clientId: row.clientId,
      algorithm: row.idTokenSignedResponseAlg,
      accessToken,
      minimumAcr: row.minimumAcr,
      requiredAmr: row.requiredAmr,
      now: Date.now() / 1000,
    });
    const lookup = await lookUpToken(client.lookup, row, { accessToken, subject: verified.subject });
    return { ...verified, accessToken, idToken: tokens.id_token, lookup };
  } catch (error) {
    const { code, answer } = answerToProviderError(error);
    throw new LoginError(code, answer, { cause: error });
  }
}

function redeem(
  client: ProviderClient,
  row: ProviderRow,
  transaction: LoginTransaction,
  { sent, redirectUri }: CodeResponse,
) {
  const currentUrl = new URL(redirectUri);
  currentUrl.search = sent.toString();
  const checks = { pkceCodeVerifier: transaction.codeVerifier, expectedState: transaction.state };
  const idTokenChecks = { expectedNonce: transaction.nonce, idTokenExpected: true };
  return authorizationCodeGrant(
    client.configuration,
    currentUrl,
    asksForIdToken(row) ? { ...checks, ...idTokenChecks } : checks,
  );
}

/**
 * RFC 9207 section 2.4: exact comparison with the issuer this login was begun with, before anything is sent to it.
 * openid-client also refuses a missing one where the metadata announces it, but lets an empty one pass.
 */
export function checkIssuerParameter(sent: URLSearchParams, issuer: string): void {
  const given = sent.get('iss');
  if (given !== null && given !== issuer) throw new LoginError('iss_parameter_wrong', 'login_failed');
}

/**
 * Who logged in, where there is no ID token: what introspection says of the access token that our own code and verifier
 * were exchanged for. Here the answer is the login's only evidence, so it must name us as the client, and a subject.
 *
 * @throws {LoginError} `temporarily_unavailable` when introspection does not answer, `login_failed` when it says too little
 */
async function identifyByLookup(client: ProviderClient, row: ProviderRow, accessToken: string): Promise<VerifiedLogin> {
  const lookup = await lookUpToken(client.lookup, row, { accessToken, subject: undefined });
  if (lookup.status !== 'claims') {
    const code = lookup.status === 'unavailable' ? lookup.code : 'introspection_not_configured';
    throw new LoginError(code, 'temporarily_unavailable');
  }
  const { claims } = lookup;
  if (claims.client_id !== row.clientId) throw new LoginError('introspection_client_missing', 'login_failed');
  const subject = readSubject(claims.sub);
  checkAcr(claims.acr, row.minimumAcr);
  checkAmr(claims.amr, row.requiredAmr);
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
