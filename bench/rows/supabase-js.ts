import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createClient } from '@supabase/supabase-js';
import { publicKeySet } from '../../key-tools/new-keys.ts';
import { signAccessToken } from '../../local/access-token.ts';
import { createKeys } from '../../local/keys.ts';
import { startPostgrest } from '../../local/postgrest.ts';
import type { Side } from '../compare.ts';
import type { Context } from '../context.ts';
import { type BenchOrganization, loginOf } from '../world.ts';

/** PostgREST names the columns' types when it inserts, so the role must be able to look into their schema. */
const OPEN = `
  grant usage on schema registry, audit, private to authenticated;
  grant execute on function private.holds_number, private.plain_digits, private.controls_hold to authenticated;
  grant usage on type audit.event_name, audit.source_name to authenticated;
  create view api.bench_organizations as select * from registry.organizations;
  create view api.bench_identity_links as select * from registry.identity_links;
  create view api.bench_members as select * from registry.members;
  create view api.bench_observations as select * from bench.observations;
  create view api.bench_events as select * from bench.events;
  grant select on api.bench_organizations, api.bench_identity_links, api.bench_members to authenticated;
  grant insert on api.bench_observations, api.bench_events to authenticated`;
const CLOSE = `
  drop view api.bench_organizations, api.bench_identity_links, api.bench_members, api.bench_observations, api.bench_events;
  revoke usage on type audit.event_name, audit.source_name from authenticated;
  revoke execute on function private.holds_number, private.plain_digits, private.controls_hold from authenticated;
  revoke usage on schema registry, audit, private from authenticated`;

/** The application-side sync as a browser or a server with supabase-js would send it: every step a request. */
export async function withSupabase<T>(
  context: Context,
  organization: BenchOrganization,
  members: number,
  action: (side: Side) => Promise<T>,
): Promise<T> {
  const { pool, folder, urls } = context.cluster;
  await pool.query(OPEN);
  const keys = createKeys();
  const postgrest = await startPostgrest({
    databaseUrl: urls.authenticator,
    jwks: publicKeySet(keys.ACCESS_TOKEN_KEYS),
    logFile: join(folder, 'postgrest.log'),
  });
  try {
    const token = await signAccessToken(keys.ACCESS_TOKEN_KEYS, randomUUID());
    const operation = createSync(postgrest.url, token, organization, members);
    return await action({
      name: 'supabase-js and PostgREST',
      load: { url: context.cluster.url, clients: 8, operation },
    });
  } finally {
    await postgrest.stop();
    await pool.query(CLOSE);
  }
}

function createSync(url: string, token: string, organization: BenchOrganization, members: number) {
  const supabase = connect(url, token);
  return async (_: unknown, nth: number) => {
    const login = loginOf(organization, 1 + (nth % members));
    const [slug, subject] = login;
    const found = await findMember(supabase, slug, subject);
    const observationId = await storeObservation(supabase, found, login);
    await storeEvent(supabase, found, observationId);
  };
}

type Supabase = ReturnType<typeof connect>;

/** As a server with a coordinator's token, straight to PostgREST: no gateway that wants an `apikey`, no `/rest/v1`. */
function connect(url: string, token: string) {
  return createClient(url, 'no-key', {
    db: { schema: 'api' },
    auth: { persistSession: false, autoRefreshToken: false },
    global: {
      fetch: (input, init) => {
        const headers = new Headers(init?.headers);
        headers.delete('apikey');
        headers.set('authorization', `Bearer ${token}`);
        return fetch(String(input).replace('/rest/v1/', '/'), { ...init, headers });
      },
    },
  });
}

type Found = Awaited<ReturnType<typeof findMember>>;

/** Who logged in: organisation, link, record, each a request. */
async function findMember(supabase: Supabase, slug: unknown, subject: unknown) {
  const { data: provider } = await supabase
    .from('bench_organizations')
    .select('id,capture')
    .eq('slug', slug)
    .single()
    .throwOnError();
  const link = await supabase
    .from('bench_identity_links')
    .select('member_id')
    .match({ organization_id: provider.id, subject })
    .single()
    .throwOnError();
  const member = await supabase
    .from('bench_members')
    .select('id,personnummer_index')
    .eq('id', link.data.member_id)
    .single()
    .throwOnError();
  return { organization_id: provider.id, member_id: member.data.id };
}

async function storeObservation(supabase: Supabase, found: Found, login: unknown[]): Promise<string> {
  const [, subject, index, sealed, masked, given_name, family_name, phone, email] = login;
  const id = randomUUID();
  await supabase
    .from('bench_observations')
    .insert({
      id,
      ...found,
      provider: 'vipps',
      source: 'vipps-login',
      issuer: 'https://provider.example/',
      subject,
      authenticated_at: new Date().toISOString(),
      received_at: new Date().toISOString(),
      outcome: 'confirmed',
      settled_at: new Date().toISOString(),
      explanation: { match_rule: 'link' },
      personnummer_index: index,
      personnummer_index_previous: [],
      personnummer_sealed: sealed,
      personnummer_masked: masked,
      given_name,
      family_name,
      phone,
      phone_verified: true,
      email,
      email_verified: true,
    })
    .throwOnError();
  return id;
}

async function storeEvent(supabase: Supabase, found: Found, observationId: string): Promise<void> {
  await supabase
    .from('bench_events')
    .insert({
      event: 'confirmed',
      source: 'vipps-login',
      actor: 'application',
      occurred_at: new Date().toISOString(),
      ...found,
      message: 'confirmed, no change',
      observation_id: observationId,
      detail: { match_rule: 'link' },
    })
    .throwOnError();
}
