import { randomUUID } from 'node:crypto';
import { importJWK, SignJWT } from 'jose';
import { z } from 'zod';
import type { GuardedFetch } from '../../runtime/guarded-fetch.ts';
import type { ApiConfig } from '../config.ts';
import { codeOf } from '../explain-connection.ts';
import { faultsOr, type Remark } from '../remark.ts';
import { askApi } from './ask-api.ts';

const document = z.looseObject({ issuer: z.string(), jwks_uri: z.string() });
const keySet = z.looseObject({ keys: z.array(z.looseObject({ kid: z.string() })) });

/** The callback's discovery document and keys, whether the project takes its tokens, and who else may sign in there. */
export async function checkIssuer(fetch: GuardedFetch, api: ApiConfig): Promise<Remark[]> {
  return [
    ...faultsOr(await faultsOfDocument(fetch, api), 'The callback says who it is and publishes the key that signs.'),
    ...faultsOr(await faultsOfToken(fetch, api), 'The project takes our access tokens, and gives a stranger no row.'),
    ...faultsOr(await faultsOfSignUp(fetch, api), "Nobody can sign up at the project's own Supabase Auth."),
  ];
}

async function faultsOfDocument(fetch: GuardedFetch, { publicUrl, signingKey }: ApiConfig): Promise<string[]> {
  const address = `${publicUrl}/.well-known/openid-configuration`;
  const found = await read(fetch, address, document);
  if (typeof found === 'string')
    return [`${address} does not answer (${found}). Start the callback, and let the proxy pass it on.`];
  const faults: string[] = [];
  if (found.issuer !== publicUrl) {
    faults.push(
      `${address} says that the issuer is ${found.issuer}. PUBLIC_URL has to be the same at the callback and here, letter by letter.`,
    );
  }
  const keys = await read(fetch, found.jwks_uri, keySet);
  if (typeof keys === 'string')
    return [...faults, `${found.jwks_uri} does not answer (${keys}). Let the proxy pass it on.`];
  if (keys.keys[0]?.kid !== signingKey.kid)
    faults.push(
      'The callback signs with another key than the first of ACCESS_TOKEN_KEYS. Give both the same, and restart the callback.',
    );
  if (keys.keys.some((key) => 'd' in key))
    faults.push(`${found.jwks_uri} holds a private key. Stop the callback and make new keys.`);
  return faults;
}

async function read<T>(fetch: GuardedFetch, address: string, schema: z.ZodType<T>): Promise<T | string> {
  try {
    const response = await fetch(address);
    if (response.status !== 200) return String(response.status);
    return schema.parse(await response.json());
  } catch (error) {
    return codeOf(error);
  }
}

/** A minute's token of somebody who does not exist. */
async function faultsOfToken(fetch: GuardedFetch, api: ApiConfig): Promise<string[]> {
  const token = await signFor(api);
  try {
    const { status, code, rows } = await askApi(fetch, api, { relation: 'my_record', schema: 'api', token });
    if (rows === 0) return [];
    if (rows !== undefined)
      return ['A token of somebody who does not exist reads rows of schema api. Stop, and tell the maintainers.'];
    if (status === 401 && code !== undefined)
      return [
        `The project does not take our access tokens (${code ?? status}). Add the issuer ${api.publicUrl} (Authentication, Third-Party Auth); after a change of keys wait 30 minutes.`,
      ];
    return [
      `The project answers one of our access tokens with ${code ?? status}. Look at what is said of the exposed schemas first.`,
    ];
  } catch (error) {
    return [`SUPABASE_URL does not answer (${codeOf(error)}).`];
  }
}

async function signFor({ publicUrl, signingKey, audience }: ApiConfig): Promise<string> {
  return await new SignJWT({
    role: 'authenticated',
    session_id: randomUUID(),
    app_metadata: { audience: 'members' },
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: String(signingKey.kid) })
    .setIssuer(publicUrl)
    .setAudience(audience)
    .setSubject(randomUUID())
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(await importJWK(signingKey, 'ES256'));
}

const where = '(Authentication, Sign In / Providers)';

const authSettings = z.looseObject({
  disable_signup: z.boolean(),
  external: z.looseObject({ anonymous_users: z.boolean().optional() }).optional(),
});

async function faultsOfSignUp(fetch: GuardedFetch, { projectUrl, apiKey }: ApiConfig): Promise<string[]> {
  const asProject: GuardedFetch = (url) => fetch(url, { headers: { apikey: apiKey } });
  const found = await read(asProject, `${projectUrl}/auth/v1/settings`, authSettings);
  if (typeof found === 'string') {
    return [
      `Whether strangers can sign up at the project's own Supabase Auth could not be read (${found}). Look yourself ${where}.`,
    ];
  }
  const faults: string[] = [];
  if (!found.disable_signup) {
    faults.push(
      `Anybody can sign up at the project's own Supabase Auth and is then authenticated. Switch off "Allow new users to sign up" ${where}.`,
    );
  }
  if (found.external?.anonymous_users === true) {
    faults.push(
      `Anybody is authenticated as an anonymous user of Supabase Auth. Switch off "Allow anonymous sign-ins" ${where}.`,
    );
  }
  return faults;
}
