import { importJWK, type JWK, SignJWT } from 'jose';

/**
 * An access token as the callback issues them, for a person who did not log in: a sample coordinator.
 *
 * @param privateKeySet text of `ACCESS_TOKEN_KEYS`; the first key signs
 * @param userId Supabase user id
 * @param lifetime e.g. `12h`
 */
export async function signAccessToken(privateKeySet: string, userId: string, lifetime = '12h'): Promise<string> {
  const { keys } = JSON.parse(privateKeySet) as { keys: [JWK] };
  return new SignJWT({ role: 'authenticated' })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: String(keys[0].kid) })
    .setAudience('authenticated')
    .setSubject(userId)
    .setIssuedAt()
    .setExpirationTime(lifetime)
    .sign(await importJWK(keys[0], 'ES256'));
}
