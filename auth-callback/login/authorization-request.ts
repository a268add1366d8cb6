import { z } from 'zod';
import { type Parameters, readParameters } from '../../runtime/http/parameters.ts';
import type { AnswerCode } from '../errors.ts';
import { addressesOf, type ProviderRow } from '../provider/provider-row.ts';
import { codeChallenge, type LoginRequest, linkParameters, longestReturnTo } from './login-request.ts';

/** As `LoginRequestReading`, and the provider that the request comes to. */
type AuthorizationRequestReading =
  | { status: 'good'; row: ProviderRow; request: LoginRequest }
  | { status: 'page' }
  | {
      status: 'refused';
      row: ProviderRow | undefined;
      returnTo: string;
      state: string | undefined;
      answer: AnswerCode;
    };

/** What the standards leave to us, and we do not do: told by the codes they have for it. */
const notDone: [name: string, applies: (value: string) => boolean, answer: AnswerCode][] = [
  ['request', () => true, 'request_not_supported'],
  ['request_uri', () => true, 'request_uri_not_supported'],
  ['response_mode', (mode) => mode !== 'query', 'invalid_request'],
  // The person always has to be asked who they are, and how long ago they were is the provider's business.
  ['prompt', (prompt) => prompt.split(' ').includes('none'), 'login_required'],
  ['max_age', () => true, 'invalid_request'],
];

/** OpenID Connect Core 1.0: the one scope that changes anything. Others are ignored, as section 3.1.2.1 says. */
const knownScopes = ['openid'];

const printable = (longest: number) => z.string().regex(new RegExp(`^[\\x20-\\x7e]{1,${longest}}$`));
const query = z.object({
  /** RFC 6749 section 4.1.1 recommends it; PKCE does its work where it is missing (RFC 9700 section 2.1.1). */
  state: printable(1000).optional(),
  code_challenge: codeChallenge,
  code_challenge_method: z.literal('S256'),
  scope: printable(500).optional(),
  nonce: printable(300).optional(),
  ...linkParameters,
});

/**
 * `GET /authorize` (RFC 6749 section 4.1.1, RFC 7636, OpenID Connect Core 1.0 section 3.1.2.1). Beyond the standard: `provider` says
 * where the person logs in, and may be left out where there is one only; `organization` is needed where one app is registered for several.
 *
 * @param rows all providers
 * @param isUsable whether a code may be sent to a registered address
 */
export function readAuthorizationRequest(
  sent: URLSearchParams,
  rows: ProviderRow[],
  isUsable: (address: string) => boolean,
): AuthorizationRequestReading {
  const parameters = readParameters(sent);
  const { once } = parameters;
  const { client_id: clientId, redirect_uri: returnTo, organization } = once;
  if (clientId === undefined || returnTo === undefined || returnTo.length > longestReturnTo) return { status: 'page' };
  const ofClient = rows.filter(
    (row) =>
      (organization === undefined || row.organization === organization) &&
      addressesOf(row, clientId).some((address) => address === returnTo && isUsable(address)),
  );
  // Nothing vouches for the address; or it is registered for several organisations, and which one is meant is not said.
  if (new Set(ofClient.map((row) => row.organization)).size !== 1) return { status: 'page' };
  const [row, another] = ofClient.filter((each) => once.provider === undefined || each.provider === once.provider);
  const answerWith = (answer: AnswerCode): AuthorizationRequestReading => {
    const { data: state } = query.shape.state.safeParse(once.state);
    return { status: 'refused', row, returnTo, state, answer };
  };
  const fault = faultOf(parameters);
  if (fault !== undefined) return answerWith(fault);
  const { data: good } = query.safeParse(once);
  if (good === undefined || row === undefined || another !== undefined) return answerWith('invalid_request');
  const scope = grantedScope(good.scope);
  if (scope === undefined) return answerWith('invalid_scope');
  const { state, code_challenge, nonce, intent, link_token: token } = good;
  const app = { returnTo, state, codeChallenge: code_challenge, clientId, scope, nonce };
  return { status: 'good', row, request: { app, link: intent && { token } } };
}

function faultOf({ once, duplicated }: Parameters): AnswerCode | undefined {
  if (duplicated || once.response_type === undefined) return 'invalid_request';
  if (once.response_type !== 'code') return 'unsupported_response_type';
  const found = notDone.find(([name, applies]) => once[name] !== undefined && applies(once[name]));
  return found?.[2];
}

/** @returns undefined where scopes were asked for and none of them is known: no answer could say so (RFC 6749 section 3.3) */
function grantedScope(asked: string | undefined): string[] | undefined {
  const wanted = new Set((asked ?? '').split(' ').filter((scope) => scope !== ''));
  const granted = knownScopes.filter((scope) => wanted.has(scope));
  return wanted.size > 0 && granted.length === 0 ? undefined : granted;
}
