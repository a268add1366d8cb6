import { importJWK, type JWTPayload, SignJWT } from 'jose';
import { signAccessToken } from '../../../local/access-token.ts';
import { type Organization, testKeys } from '../../support/samples.ts';

/** Tokens that must open nothing, by who shows them. @param coordinator somebody whose ordinary token would */
export async function oddTokens(
  { id, slug }: Organization,
  coordinator: string,
  member: string,
): Promise<Record<string, string | null>> {
  const keys = testKeys().environment.ACCESS_TOKEN_KEYS;
  const forged = (claims: JWTPayload) => forge(keys, claims);
  const organization = { organization_id: id, organization: slug };
  const asMember = { role: 'authenticated', sub: member };
  return {
    nobody: null,
    'a member': await signAccessToken(keys, member),
    'claims of an organisation in app_metadata': await forged({ ...asMember, app_metadata: organization }),
    'claims in user_metadata': await forged({ ...asMember, user_metadata: organization }),
    'no subject': await forged({ role: 'authenticated' }),
    'an empty subject': await forged({ role: 'authenticated', sub: '' }),
    'a subject that is no uuid': await forged({ role: 'authenticated', sub: `' or true --` }),
    'a list of subjects': await forged({ role: 'authenticated', sub: [coordinator] as never }),
    'role anon': await forged({ role: 'anon', sub: coordinator }),
    'role service_role': await forged({ role: 'service_role', sub: coordinator }),
    'role registry_owner': await forged({ role: 'registry_owner', sub: coordinator }),
    'role postgres': await forged({ role: 'postgres', sub: coordinator }),
  };
}

/** A token with any claims, under our own signature. */
export function signClaims(keys: string, claims: JWTPayload): Promise<string> {
  return forge(keys, { role: 'authenticated', ...claims });
}

async function forge(keys: string, claims: JWTPayload): Promise<string> {
  const [jwk] = JSON.parse(keys).keys;
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', kid: jwk.kid })
    .setAudience('authenticated')
    .setExpirationTime('1h')
    .sign(await importJWK(jwk, 'ES256'));
}
