import { OUR_SCHEMAS } from '../../db/catalog.ts';
import type { GuardedFetch } from '../../runtime/guarded-fetch.ts';
import type { ApiConfig } from '../config.ts';
import { codeOf } from '../explain-connection.ts';
import { fault, faultsOr, type Remark } from '../remark.ts';
import { type ApiAnswer, askApi } from './ask-api.ts';

const notExposed = 'PGRST106';
const noSuchRelation = 'PGRST205';
const noPrivilege = '42501';
const where = '(Integrations, Data API, Settings, Exposed schemas)';

/** `api` answers and gives nobody anything; no other schema of ours answers. */
export async function checkExposedSchemas(fetch: GuardedFetch, api: ApiConfig): Promise<Remark[]> {
  try {
    const asNobody = await askApi(fetch, api, { relation: 'open_conflicts', schema: 'api' });
    if (asNobody.code === undefined && asNobody.rows === undefined) {
      return [
        fault(
          `The API refuses SUPABASE_ANON_KEY (${asNobody.status}). Copy the public key from the dashboard (Project Settings, API Keys).`,
        ),
      ];
    }
    const faults = faultsOfApi(asNobody);
    for (const schema of [...OUR_SCHEMAS, 'graphile_worker', 'migrations'].filter((name) => name !== 'api')) {
      const { code } = await askApi(fetch, api, { relation: 'anything', schema });
      if (code !== notExposed) faults.push(`The API exposes schema ${schema}. Take it off the list ${where}.`);
    }
    return faultsOr(
      faults,
      'The API exposes schema api, gives nothing without a token, and exposes no other schema of ours.',
    );
  } catch (error) {
    return [
      fault(`SUPABASE_URL does not answer (${codeOf(error)}). Copy it from the dashboard (Integrations, Data API).`),
    ];
  }
}

/** @param asNobody what a view of schema api answers without an access token */
function faultsOfApi({ status, code, rows }: ApiAnswer): string[] {
  if (code === noPrivilege) return [];
  if (code === notExposed) return [`The API does not expose schema api. Add it to the list ${where}.`];
  if (code === noSuchRelation) {
    return ["The API does not know the views of schema api yet. Run in the SQL editor: notify pgrst, 'reload schema';"];
  }
  if (rows !== undefined)
    return ['Schema api answers without a token. Run: revoke all on schema api from anon; then npm run migrate.'];
  return [
    `The API answers for schema api with ${code ?? status}. Look into the project's logs (API Gateway, PostgREST).`,
  ];
}
