import type { GuardedFetch } from '../../runtime/guarded-fetch.ts';
import type { ApiConfig } from '../config.ts';

export interface ApiAnswer {
  readonly status: number;
  /** PostgREST's, or PostgreSQL's; undefined where there is none. */
  readonly code: string | undefined;
  /** How many came; undefined where the answer is no list. */
  readonly rows: number | undefined;
}

/** Reads at the project's API, as nobody or with an access token. */
export async function askApi(
  fetch: GuardedFetch,
  { projectUrl, apiKey }: ApiConfig,
  { relation, schema, token }: { relation: string; schema: string; token?: string },
): Promise<ApiAnswer> {
  const headers: Record<string, string> = { apikey: apiKey, accept: 'application/json', 'accept-profile': schema };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const response = await fetch(`${projectUrl}/rest/v1/${relation}?limit=1`, { headers });
  const body: unknown = await response.json().catch(() => undefined);
  const code: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'code') : undefined;
  return {
    status: response.status,
    code: typeof code === 'string' ? code : undefined,
    rows: Array.isArray(body) ? body.length : undefined,
  };
}
