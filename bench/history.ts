import type pg from 'pg';
import type { Context } from './context.ts';
import type { BenchOrganization } from './world.ts';

/** The tables that only ever grow. */
export const GROWING = ['registry.observations', 'audit.events', 'sync.push_attempts'];
const YEARS = 10;
const ROWS_A_STATEMENT = 1_000_000;

/** Rows as they are after years: contact claims go after 90 days, the number's traces after the organisation's year. */
export async function addHistory(
  { cluster, say }: Context,
  organization: BenchOrganization,
  count: number,
): Promise<void> {
  const client = await cluster.pool.connect();
  // Neither rules nor foreign keys: these rows are only there to be in the way.
  await client.query('set session_replication_role = replica');
  await client.query('set synchronous_commit = off');
  const created = await client.query(
    `create temp table member as
     select row_number() over () as nth, id as member_id, personnummer_index, personnummer_sealed, personnummer_masked, given_name, family_name, birth_date, phone, email
     from registry.members where organization_id = $1`,
    [organization.id],
  );
  await client.query('create unique index on member (nth)');
  await client.query('analyze member');
  const members = created.rowCount;
  const rebuild = await dropIndexes(client);
  for (let from = 0; from < count; from += ROWS_A_STATEMENT) {
    const to = Math.min(count, from + ROWS_A_STATEMENT);
    await client.query(STORED_LOGINS, [from + 1, to, count, organization.id, members]);
    say(`  ${to} stored`);
  }
  await client.query(`set maintenance_work_mem = '1GB'`);
  for (const statement of rebuild) await client.query(statement);
  await client.query('reset all');
  client.release();
}

/** One after the other over all rows, indexes are built many times faster than row by row: keys, too, come afterwards. */
async function dropIndexes(client: pg.PoolClient): Promise<string[]> {
  const { rows: keys } = await client.query<{ owner: string; name: string; definition: string }>(
    `select conrelid::regclass::text as owner, quote_ident(conname) as name, pg_get_constraintdef(oid) as definition from pg_constraint
     where contype in ('p', 'u') and conrelid = any ($1::regclass[]) or contype = 'f' and confrelid = any ($1::regclass[])
     order by contype = 'f'`,
    [GROWING],
  );
  for (const { owner, name } of keys.toReversed()) await client.query(`alter table ${owner} drop constraint ${name}`);
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
     where indrelid = any ($1::regclass[])`,
    [GROWING],
  );
  for (const { name } of indexes) await client.query(`drop index ${name}`);
  return [
    ...keys.map(({ owner, name, definition }) => `alter table ${owner} add constraint ${name} ${definition}`),
    ...indexes.map(({ definition }) => definition),
  ];
}

const STORED_LOGINS = `
  with login as materialized (
    select gen_random_uuid() as id, n, m.*, now() - (($3::bigint - n)::float8 / $3 * ${YEARS}) * interval '1 year' as at
    from generate_series($1::bigint, $2::bigint) as n join member as m on m.nth = 1 + (n * 7919) % $5::int
  ), observed as (
    insert into registry.observations (id, organization_id, provider, source, issuer, subject, authenticated_at, received_at, outcome, settled_at,
      member_id, explanation, given_name, family_name, birth_date, phone, email, contact_erased_at,
      personnummer_index, personnummer_sealed, personnummer_masked, number_erased_at)
    select id, $4::uuid, 'vipps', 'vipps-login', 'https://provider.example/', 's' || nth, at, at, 'confirmed', at, member_id, '{"match_rule": "link"}',
      case when young then given_name end, case when young then family_name end, case when young then birth_date end,
      case when young then phone end, case when young then email end, case when not young then at + interval '90 days' end,
      case when kept then personnummer_index end, case when kept then personnummer_sealed end, case when kept then personnummer_masked end,
      case when not kept then at + interval '1 year' end
    from (select login.*, at > now() - interval '90 days' as young, at > now() - interval '1 year' as kept from login) as aged
  ), told as (
    insert into audit.events (occurred_at, organization_id, event, source, actor, member_id, observation_id, message, detail)
    select at, $4::uuid, 'confirmed', 'vipps-login', 'auth_callback', member_id, id, 'confirmed, no change: vipps-login brought the recorded personnummer.', '{"match_rule": "link"}'
    from login
  )
  insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, http_status, duration_ms, finished_at)
  select id, $4::uuid, 1, 'worker', 'delivered', 204, 40, at from login`;
