/**
 * How an app for coordinators settles a case with supabase-js, and takes the decision back:
 *
 *     npx node examples/settle-a-case.ts [--url URL] [--token TOKEN] [--key API_KEY] [--decision DECISION] [--case ID]
 *
 * URL is a Supabase project's, or a plain PostgREST's that serves the schema `api`; TOKEN is a coordinator's access token;
 * API_KEY the project's public key, which only Supabase asks for. Without them: SUPABASE_URL or POSTGREST_URL,
 * COORDINATOR_TOKEN and SUPABASE_ANON_KEY; without those, the stack that `npm start` runs (`.local/stack.json`).
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { type Database, type Decision, isRefusal, type Row } from '../db/api-types.gen.ts';

const STACK_FILE = resolve(import.meta.dirname, '..', '.local', 'stack.json');

type Target = { url: string; token: string; key: string; plainPostgrest: boolean };

/** A refusal has a code that an app can act on; anything else is somebody else's fault. */
class CallFailed extends Error {
  constructor(what: string, error: { code: string; message: string }) {
    const advice = error.code === 'stale_version' ? ' Somebody else was here first.' : '';
    super(
      `${what}: ${isRefusal(error) ? 'refused' : 'failed'} (${error.code || 'no answer'}). ${error.message}${advice}`,
    );
  }
}

/** supabase-js speaks to a project's gateway; without one, its path and its API key are left out. */
function connect({ url, token, key, plainPostgrest }: Target): SupabaseClient<Database, 'api'> {
  const direct: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.delete('apikey');
    return fetch(String(input).replace('/rest/v1/', '/'), { ...init, headers });
  };
  return createClient<Database, 'api'>(url, key, {
    db: { schema: 'api' },
    accessToken: async () => token,
    ...(plainPostgrest ? { global: { fetch: direct } } : {}),
  });
}

/** One page, oldest first. Row security leaves only the own organisations' cases. */
async function listOpenCases(client: SupabaseClient<Database, 'api'>): Promise<Row<'open_conflicts'>[]> {
  const { data, error } = await client.from('open_conflicts').select('*').order('opened_at').order('id').limit(50);
  if (error) throw new CallFailed('listing the open cases', error);
  return data;
}

/** `expected_version` says which state of the case was decided on; had it changed since, the answer would be a 409. */
async function settle(client: SupabaseClient<Database, 'api'>, found: Row<'open_conflicts'>, decision: Decision) {
  const { data, error } = await client.rpc('resolve_conflict', {
    conflict_id: found.id,
    decision,
    note: 'An example: looked at, and taken back at once.',
    expected_version: found.version,
  });
  if (error) throw new CallFailed('settling the case', error);
  console.log(`settled: ${data.decision}, now version ${data.version}; can be undone until ${data.undo_until}`);
}

async function undo(client: SupabaseClient<Database, 'api'>, id: string) {
  const { data, error } = await client.rpc('undo_resolution', { conflict_id: id, note: 'It was only an example.' });
  if (error) throw new CallFailed('undoing the decision', error);
  console.log(`undone: the case is ${data.state} again, version ${data.version}`);
}

function describe({
  kind,
  id,
  member_external_id: member,
  recorded_personnummer,
  observed_personnummer,
}: Row<'open_conflicts'>) {
  const numbers = `record ${recorded_personnummer ?? 'without number'}, login ${observed_personnummer ?? 'without number'}`;
  return `${id}  ${kind.padEnd(15)} member ${member ?? 'not certain'}: ${numbers}`;
}

type Options = { [Name in 'url' | 'token' | 'key' | 'decision' | 'case' | 'stack']?: string };

function findTarget(options: Options): Target {
  const { SUPABASE_URL, POSTGREST_URL, COORDINATOR_TOKEN, SUPABASE_ANON_KEY } = process.env;
  const url = options.url ?? SUPABASE_URL ?? POSTGREST_URL;
  const token = options.token ?? COORDINATOR_TOKEN;
  const key = options.key ?? SUPABASE_ANON_KEY;
  if (url && token) return { url, token, key: key ?? 'none', plainPostgrest: key === undefined };
  const file = options.stack ?? STACK_FILE;
  if (!existsSync(file)) throw new Error('Give --url and --token, or run `npm start` first.');
  const stack = JSON.parse(readFileSync(file, 'utf8')) as StackFile;
  const organization = stack.organizations[0];
  if (organization === undefined) throw new Error(`${file} names no organisation.`);
  return { url: stack.postgrestUrl, token: organization.coordinatorToken, key: 'none', plainPostgrest: true };
}

type StackFile = { postgrestUrl: string; organizations: { coordinatorToken: string }[] };

async function main(options: Options) {
  const client = connect(findTarget(options));
  const cases = await listOpenCases(client);
  console.log(`${cases.length} open cases`);
  for (const each of cases) console.log(describe(each));
  // A failed push is settled by retry_sync, which needs no undo.
  const chosen = cases.find(({ id, kind }) => (options.case ? id === options.case : kind !== 'push_failed'));
  if (chosen === undefined && options.case) throw new Error(`There is no open case ${options.case}.`);
  if (chosen === undefined) return console.log('Nothing to settle: let somebody log in whose record disagrees.');
  await settle(client, chosen, (options.decision ?? 'keep_existing') as Decision);
  await undo(client, chosen.id);
}

const text = { type: 'string' } as const;
const options = { url: text, token: text, key: text, decision: text, case: text, stack: text };
try {
  await main(parseArgs({ options }).values);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
