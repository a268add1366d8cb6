import { decodeJwt } from 'jose';
import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  None,
  ResponseBodyError,
  randomPKCECodeVerifier,
  randomState,
  refreshTokenGrant,
  tokenRevocation,
} from 'openid-client';
import { z } from 'zod';
import { createSealedBox, type SealedBox, type SealingSecret } from '../../runtime/sealed-box.ts';
import { SessionEndedError } from '../api/errors.ts';
import type { Session } from './session-cookie.ts';

/** As it is registered for each organisation (`registry.oauth_clients`). */
const clientId = 'coordinator-desk';

/** A sign-in under way; lives only in the browser's cookie, sealed. */
export type SignInTransaction = z.infer<typeof transaction>;
const transaction = z.object({
  state: z.string(),
  codeVerifier: z.string(),
  organization: z.string(),
  /** Where on our pages it goes on. */
  page: z.string(),
  /** Seconds since 1970. */
  startedAt: z.number(),
});

/** The callback sent the person back without a session; `code` is its error (docs/error-codes.md). */
export class SignInRefusedError extends Error {
  override readonly name = 'SignInRefusedError';
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** We as the callback's OAuth client, by the standard and by nothing else (RFC 6749, 7636, 7009, 8414, 9207). */
export interface SignIn {
  transactions: SealedBox<SignInTransaction>;
  begin(organization: string, page: string): Promise<{ url: URL; transaction: SignInTransaction }>;
  /**
   * @param answer the address that the browser came back to
   * @throws {SignInRefusedError}
   */
  complete(answer: URL, transaction: SignInTransaction): Promise<Session>;
  /** @throws {SessionEndedError} when the callback knows it no longer */
  refresh(session: Session): Promise<Session>;
  /** Ends it at the callback too. */
  end(session: Session): Promise<void>;
}

interface SignInOptions {
  issuer: URL;
  redirectUri: string;
  secrets: SealingSecret[];
  timeoutMs: number;
  allowsPlainHttp: boolean;
}

export function createSignIn(options: SignInOptions): SignIn {
  const { redirectUri } = options;
  const configured = discoverOnce(options);
  return {
    transactions: createSealedBox(options.secrets, 'desk-sign-in', transaction),
    async begin(organization, page) {
      const codeVerifier = randomPKCECodeVerifier();
      const state = randomState();
      const url = buildAuthorizationUrl(await configured(), {
        redirect_uri: redirectUri,
        code_challenge: await calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
        state,
        provider: 'staff',
        organization,
      });
      const startedAt = Math.floor(Date.now() / 1000);
      return { url, transaction: { state, codeVerifier, organization, page, startedAt } };
    },
    async complete(answer, { state, codeVerifier }) {
      const at = new URL(redirectUri);
      at.search = answer.search;
      const checks = { pkceCodeVerifier: codeVerifier, expectedState: state };
      const tokens = await authorizationCodeGrant(await configured(), at, checks).catch(refused);
      return sessionOf(tokens, undefined);
    },
    async refresh(session) {
      const tokens = await refreshTokenGrant(await configured(), session.refreshToken).catch(ended);
      return sessionOf(tokens, session.refreshToken);
    },
    end: async ({ refreshToken }) => tokenRevocation(await configured(), refreshToken),
  };
}

/** Asked for when it is first needed, and again after a failure: the desk starts whether or not the callback is there. */
function discoverOnce({ issuer, timeoutMs, allowsPlainHttp }: SignInOptions): () => Promise<Configuration> {
  let known: Promise<Configuration> | undefined;
  const find = () =>
    discovery(issuer, clientId, { token_endpoint_auth_method: 'none' }, None(), {
      algorithm: 'oauth2',
      timeout: timeoutMs / 1000,
      execute: allowsPlainHttp ? [allowInsecureRequests] : [],
    });
  return () => {
    known ??= find().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

type Tokens = { access_token: string; expires_in?: number | undefined; refresh_token?: string | undefined };

function sessionOf({ access_token: accessToken, refresh_token }: Tokens, before: string | undefined): Session {
  const { sub, exp } = decodeJwt(accessToken);
  const refreshToken = refresh_token ?? before;
  if (sub === undefined || exp === undefined || refreshToken === undefined)
    throw new SignInRefusedError('token_unusable');
  return { userId: sub, accessToken, expiresAt: exp, refreshToken };
}

function refused(error: unknown): never {
  if (error instanceof AuthorizationResponseError) throw new SignInRefusedError(error.error);
  if (error instanceof ResponseBodyError) throw new SignInRefusedError('login_failed');
  throw error;
}

function ended(error: unknown): never {
  if (error instanceof ResponseBodyError && error.error === 'invalid_grant') throw new SessionEndedError();
  throw error;
}
