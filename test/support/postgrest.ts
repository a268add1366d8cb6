import { join } from 'node:path';
import { createClient } from '@supabase/supabase-js';
import { publicKeySet } from '../../key-tools/new-keys.ts';
import { startPostgrest } from '../../local/postgrest.ts';
import { artifactsFolder } from './artifacts.ts';
import type { TestDatabase } from './database.ts';
import { testKeys } from './keys.ts';

export type TestPostgrest = {
  url: string;
  /** A supabase-js client of the schema `api`; without a token it is nobody. */
  client(accessToken?: string): ReturnType<typeof createApiClient>;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * PostgREST on a test database, verifying with the public halves of `ACCESS_TOKEN_KEYS`.
 *
 * @param privateKeySet those keys; by default the ones of `testKeys()`
 */
export async function startTestPostgrest(
  db: TestDatabase,
  privateKeySet = testKeys().environment.ACCESS_TOKEN_KEYS,
): Promise<TestPostgrest> {
  const program = await startPostgrest({
    databaseUrl: db.urlFor('authenticator'),
    jwks: publicKeySet(privateKeySet),
    logFile: join(artifactsFolder(), `postgrest-${db.name}.log`),
  });
  return {
    url: program.url,
    client: (accessToken) => createApiClient(program.url, accessToken),
    [Symbol.asyncDispose]: () => program.stop(),
  };
}

function createApiClient(url: string, accessToken: string | undefined) {
  return createClient(url, 'no-key', {
    db: { schema: 'api' },
    auth: { persistSession: false, autoRefreshToken: false },
    global: { fetch: (input, init) => fetchFromPostgrest(String(input), init, accessToken) },
  });
}

/** Plain PostgREST lacks two things that Supabase's gateway adds: the prefix `/rest/v1`, and taking the API key for a token. */
function fetchFromPostgrest(input: string, init: RequestInit | undefined, accessToken: string | undefined) {
  const headers = new Headers(init?.headers);
  headers.delete('apikey');
  headers.delete('authorization');
  if (accessToken !== undefined) headers.set('authorization', `Bearer ${accessToken}`);
  return fetch(input.replace('/rest/v1/', '/'), { ...init, headers });
}
