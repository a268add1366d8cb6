import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { importJWK, type JWK, SignJWT } from 'jose';
import type pg from 'pg';
import { publicKeySet } from '../key-tools/new-keys.ts';
import { startPostgrest } from '../local/postgrest.ts';
import type { BenchCluster } from './cluster.ts';
import type { BenchKeys } from './keys.ts';
import type { BenchOrganization } from './world.ts';

/** PostgREST on the bench's cluster. @param name of its log */
export function openPostgrest(cluster: BenchCluster, keys: BenchKeys, name: string) {
  return startPostgrest({
    databaseUrl: cluster.urls.authenticator,
    jwks: publicKeySet(keys.accessTokens),
    logFile: join(cluster.folder, `postgrest-${name}.log`),
  });
}

/** @returns the user id of a new coordinator */
export async function addCoordinator(pool: pg.Pool, organization: BenchOrganization): Promise<string> {
  const userId = randomUUID();
  await pool.query('insert into registry.coordinators (user_id, organization_id) values ($1, $2)', [
    userId,
    organization.id,
  ]);
  return userId;
}

export async function signToken(keys: BenchKeys, role: string, subject: string): Promise<string> {
  const {
    keys: [key],
  } = JSON.parse(keys.accessTokens) as { keys: [JWK] };
  return new SignJWT({ role })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: String(key.kid) })
    .setAudience('authenticated')
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime('2h')
    .sign(await importJWK(key, 'ES256'));
}

/** What PostgREST answers; throws where it refuses. @param body of a call; none: something is read */
export async function askPostgrest(url: string, token: string, body?: Record<string, unknown>): Promise<unknown> {
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`PostgREST answers ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}
