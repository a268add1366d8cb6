import { importJWK, type JWK } from 'jose';
import { type ClientAuth, ClientSecretBasic, ClientSecretPost, None, PrivateKeyJwt } from 'openid-client';
import { LoginError } from '../errors.ts';

/** The secret that a row names, if the environment has it. */
export type ClientSecrets = (name: string) => string | undefined;

/** How one of our clients proves who it is, as a row says. */
interface ClientCredentials {
  /** `client_secret_basic`, `client_secret_post`, `private_key_jwt` or `none`. */
  authMethod: string;
  /** Name of the environment variable that holds the secret, or the private key. */
  secretEnv: string | null;
}

/**
 * How we prove who we are at the provider's token endpoint (OpenID Connect Core 1.0 section 9), as the row says.
 *
 * @throws {LoginError} when the environment lacks the secret, or it is no private key where one is needed
 */
export async function clientAuthentication(
  { authMethod, secretEnv }: ClientCredentials,
  secrets: ClientSecrets,
): Promise<ClientAuth> {
  if (authMethod === 'none') return None();
  const secret = secretEnv === null ? undefined : secrets(secretEnv);
  if (secret === undefined || secret === '') throw misconfigured('provider_secret_missing');
  switch (authMethod) {
    case 'client_secret_basic':
      return ClientSecretBasic(secret);
    case 'client_secret_post':
      return ClientSecretPost(secret);
    case 'private_key_jwt':
      return PrivateKeyJwt(await importPrivateKey(secret));
    default:
      throw misconfigured('provider_auth_method_unknown');
  }
}

/** @param text a private JWK (RFC 7517) with `alg`, and with the `kid` that the provider knows */
async function importPrivateKey(text: string) {
  try {
    const jwk: JWK = JSON.parse(text);
    const key = await importJWK(jwk, jwk.alg);
    if (key instanceof Uint8Array || key.type !== 'private') throw misconfigured('provider_key_invalid');
    return jwk.kid === undefined ? { key } : { key, kid: jwk.kid };
  } catch {
    // No cause: what the parser says may quote the key.
    throw misconfigured('provider_key_invalid');
  }
}

function misconfigured(code: string): LoginError {
  return new LoginError(code, 'temporarily_unavailable');
}
