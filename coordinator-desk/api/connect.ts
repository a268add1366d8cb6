import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { type Database, isRefusal, type RefusalCode } from '../../db/api-types.gen.ts';
import type { ApiAddress } from '../config.ts';

import { ApiFailedError, NotFoundError, SessionEndedError } from './errors.ts';

/** Schema `api` as one coordinator sees it. Row security decides what that is; nothing here does. */
export type Api = SupabaseClient<Database, 'api'>;

export interface ApiConnector {
  connect(accessToken: string): Api;
  /** Fulfilled when whoever serves `api` answers at all. */
  answers(timeoutMs: number): Promise<void>;
}

/** supabase-js speaks to a project's gateway; where there is none, its path and its API key are left out. */
export function createApiConnector({ url, key, timeoutMs }: ApiAddress & { timeoutMs: number }): ApiConnector {
  const base = url.replace(/\/+$/, '');
  const send: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    if (key === undefined) headers.delete('apikey');
    const address = key === undefined ? String(input).replace(`${base}/rest/v1/`, `${base}/`) : input;
    return fetch(address, { ...init, headers, signal: init?.signal ?? AbortSignal.timeout(timeoutMs) });
  };
  return {
    connect: (accessToken) =>
      createClient<Database, 'api'>(base, key ?? 'none', {
        db: { schema: 'api' },
        accessToken: async () => accessToken,
        global: { fetch: send },
      }),
    async answers(patienceMs) {
      const headers = key === undefined ? {} : { apikey: key };
      const { status, body } = await send(`${base}/rest/v1/`, { headers, signal: AbortSignal.timeout(patienceMs) });
      await body?.cancel();
      if (status >= 500) throw new ApiFailedError('not_ready', status);
    },
  };
}

type Answer<Data> = PromiseLike<
  | { data: Data; error: null; status: number }
  | { data: unknown; error: { code: string; message: string }; status: number }
>;

/** What became of a call: its answer, or a refusal that the coordinator is told in plain words. */
export type CallResult<Data> = { done: Data } | { refused: RefusalCode };

/** @throws {SessionEndedError} {ApiFailedError} */
export async function read<Data>(query: Answer<Data>): Promise<Data> {
  const { data, error, status } = await query;
  if (error === null) return data as Data;
  throw failure(error.code, status);
}

/**
 * @returns a refusal as a value; nothing has changed then
 * @throws {SessionEndedError} {ApiFailedError}
 */
export async function call<Data>(query: Answer<Data>): Promise<CallResult<Data>> {
  const { data, error, status } = await query;
  if (error === null) return { done: data as Data };
  if (isRefusal(error)) return { refused: error.code };
  throw failure(error.code, status);
}

function failure(code: string, status: number): Error {
  // PGRST301 and PGRST303: a token that is broken, expired or withdrawn.
  if (status === 401) return new SessionEndedError(code);
  // An id that is none: the same as one that is not there.
  if (code === '22P02') return new NotFoundError(code);
  return new ApiFailedError(code || 'no_answer', status);
}
