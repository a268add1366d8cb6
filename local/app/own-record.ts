import { createClient } from '@supabase/supabase-js';
import type { Database, Row, WithdrawnConsent } from '../../db/api-types.gen.ts';

/** What the API tells a member of themselves. */
export type OwnRecord = {
  /** Undefined: the session has ended. */
  record: Row<'my_record'> | undefined;
  consents: Row<'my_consents'>[];
  history: Row<'my_history'>[];
};

/** Schema `api` as one member sees it, with the member's own access token. */
export function connectAsMember(postgrestUrl: string, accessToken: string) {
  // supabase-js speaks to a project's gateway; plain PostgREST has neither its path nor its API key.
  const direct: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.delete('apikey');
    return fetch(String(input).replace('/rest/v1/', '/'), { ...init, headers });
  };
  const client = createClient<Database, 'api'>(postgrestUrl, 'none', {
    db: { schema: 'api' },
    accessToken: async () => accessToken,
    global: { fetch: direct },
  });
  return {
    async read(): Promise<OwnRecord> {
      const [record, consents, history] = await Promise.all([
        client.from('my_record').select().throwOnError(),
        client.from('my_consents').select().order('answered_at').throwOnError(),
        client.from('my_history').select().order('occurred_at', { ascending: false }).limit(100).throwOnError(),
      ]);
      return { record: record.data[0], consents: consents.data, history: history.data };
    },
    /** @returns what was withdrawn, or the code of the refusal */
    async withdraw(): Promise<WithdrawnConsent | string> {
      const { data, error } = await client.rpc('withdraw_my_consent');
      return error === null ? data : error.code;
    },
  };
}
