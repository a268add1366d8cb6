import type { Context } from './context.ts';
import type { BenchOrganization } from './world.ts';

/** Kinds that cases have in life, most often a number that disagrees. */
const KIND = `(case n % 20 when 0 then 'duplicate' when 1 then 'consent_revoked' when 2 then 'drift' else 'mismatch' end)::registry.conflict_kind`;

/** What three years leave for coordinators to read: audit events, logins of nobody, settled cases and deliveries. */
export async function addListed({ cluster, size }: Context, organization: BenchOrganization): Promise<void> {
  const client = await cluster.pool.connect();
  // Neither rules nor foreign keys: these rows are only there to be read.
  await client.query('set session_replication_role = replica');
  await client.query(
    `create temp table member as
     select row_number() over () as nth, id, personnummer_index from registry.members where organization_id = $1 limit 100000`,
    [organization.id],
  );
  await client.query('create unique index on member (nth)');
  await client.query('analyze member');
  const members = (await client.query('select count(*)::int as n from member')).rows[0].n;
  for (const [statement, count] of [
    [EVENTS, size.listed.events],
    [UNLINKED, size.listed.unlinked],
    [SETTLED, size.listed.settled],
    [PUSHES, size.listed.pushes],
  ] as const) {
    await client.query(statement, [organization.id, count, members]);
  }
  await client.query('drop table member');
  await client.query('reset all');
  client.release();
  await cluster.pool.query('vacuum analyze');
}

/** From now back to three years ago, oldest first. */
const AT = `now() - (1 - n::float8 / $2::int) * interval '3 years'`;
const FROM = `from generate_series(1, $2::int) as n join member as m on m.nth = 1 + (n::bigint * 7919) % $3::int`;

const EVENTS = `
  insert into audit.events (occurred_at, organization_id, event, source, actor, member_id, message, detail)
  select ${AT}, $1::uuid, case when n % 50 = 0 then 'filled' when n % 2 = 0 then 'confirmed' else 'session_opened' end, 'vipps-login', 'auth_callback',
    m.id, 'confirmed, no change: vipps-login brought the recorded personnummer.', '{"match_rule": "link"}' ${FROM} order by n`;

const UNLINKED = `
  insert into registry.observations (id, organization_id, provider, source, issuer, subject, authenticated_at, received_at, outcome, settled_at, told,
    absent_reason)
  select gen_random_uuid(), $1::uuid, 'vipps', 'vipps-login', 'https://provider.example/', 'unlinked-' || n, ${AT}, ${AT},
    k.outcome, ${AT}, case when k.outcome <> 'unlinked' then true end, 'not_given'
  ${FROM} cross join lateral (
    select (case n % 10 when 0 then 'ambiguous' when 1 then 'name_mismatch' else 'unlinked' end)::registry.outcome as outcome) as k order by n`;

const SETTLED = `
  with settled as (
    insert into registry.conflicts (organization_id, kind, member_id, other_member_id, fingerprint, detail, opened_at, state, closed_at, decision, decided_by)
    select $1::uuid, ${KIND}, m.id, gen_random_uuid(), 'settled ' || n, '{"import_run_id": 1}', ${AT} - interval '1 day', 'resolved', ${AT},
      (case when n % 3 = 0 then 'accept_observed' else 'keep_existing' end)::registry.decision, 'coordinator:' || m.id
    ${FROM} returning id, organization_id, decision, decided_by, closed_at
  )
  insert into registry.resolutions (organization_id, conflict_id, decision, decided_by, decided_at)
  select organization_id, id, decision, decided_by, closed_at from settled`;

const PUSHES = `
  insert into sync.pushes (organization_id, member_id, personnummer_index, state, attempts, next_attempt_at, error_code, created_at, settled_at)
  select $1::uuid, m.id, m.personnummer_index, k.state, 1, case when k.state = 'pending' then now() + interval '1 day' end,
    case when k.state in ('rejected', 'pending') then 'http_4xx' end, ${AT}, case when k.state <> 'pending' then ${AT} + interval '1 second' end
  ${FROM} cross join lateral (
    select (case when n % 100 = 0 then 'rejected' when n % 1000 = 1 then 'pending' else 'delivered' end)::sync.push_state as state) as k
  on conflict do nothing`;
