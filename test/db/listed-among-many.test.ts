import assert from 'node:assert/strict';
import { test } from 'vitest';
import { type ActingCallback, one } from '../support/acting-callback.ts';
import type { TestDatabase } from '../support/database.ts';
import { atTheDesk, type Desk } from '../support/desk.ts';
import { addOrganization } from '../support/samples.ts';
import { type PlanNode, rowsLookedAt } from './support/plan.ts';

// However many rows there are, a list or a search looks at about as many as it shows.

const MANY = 20_000;
/** Rows that only a search would look through. */
const VERY_MANY = 200_000;

async function addMembers(db: TestDatabase, organization: { id: string }, family: string, count: number) {
  await db.pool.query(
    `insert into registry.members (organization_id, external_id, given_name, family_name, birth_date)
     select $1, $2 || n, 'Ola', $2, date '1950-01-01' + n from generate_series(1, $3::int) as n`,
    [organization.id, family, count],
  );
}

/**
 * So many members as far as a search can tell, before any other row of its table. Each has one name of five hundred besides, and one of
 * twenty-six.
 */
async function addSearched(db: TestDatabase, organization: { id: string }) {
  const client = await db.pool.connect();
  await client.query('begin; set local session_replication_role = replica');
  await client.query(
    `insert into registry.member_search (organization_id, member_id, names)
     select $1, gen_random_uuid(), array_to_tsvector(array['nordman', 'ola', 'other' || n % 500, 'navn' || chr(97 + n % 26)]) from generate_series(1, $2::int) as n`,
    [organization.id, VERY_MANY],
  );
  await client.query('commit');
  client.release();
}

/** Rows of the search's table, and entries of its indexes, that a coordinator's search looks at; and its answer. */
async function search({ db, coordinator }: Pick<Desk, 'db' | 'coordinator'>, query: string) {
  const client = await db.pool.connect();
  try {
    await client.query('begin');
    await client.query(`select set_config('request.jwt.claims', $1, true)`, [
      JSON.stringify({ role: 'authenticated', sub: coordinator.userId }),
    ]);
    await client.query('set local role authenticated');
    const { rows } = await client.query('select api.find_members($1) as reply', [query]);
    await client.query('reset role');
    const { rows: looked } = await client.query<{ rows: string }>(
      `select sum(seq_tup_read) + sum(idx_tup_fetch) + sum(i.read) as rows
       from pg_stat_xact_user_tables as t
       cross join lateral (
         select sum(pg_stat_get_xact_tuples_returned(x.indexrelid)) as read from pg_index as x where x.indrelid = t.relid) as i
       where t.relname = 'member_search'`,
    );
    await client.query('rollback');
    return { ...rows[0].reply, looked: Number(looked[0]?.rows) };
  } finally {
    client.release();
  }
}

test('a name that all members have: as many are looked at as are put in order, whoever else has members before them', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    await addSearched(db, await addOrganization(db));
    await addMembers(db, callback.organization, 'Nordmann', 1_000);
    await addMembers(db, callback.organization, 'Sjelden', 3);
    await db.pool.query('vacuum analyze registry.members, registry.member_search');
    for (const query of ['nordmann', 'ola nordmann', 'no']) {
      const { members, more, looked } = await search({ db, coordinator }, query);
      assert.deepEqual([members.length, more], [20, true], query);
      assert.ok(looked <= VERY_MANY / 20, `${query}: ${looked} rows were looked at`);
    }
    for (const query of ['sjelden', 'ola sjelden', 'ola nordmann 2.1.1950']) {
      const { members, looked } = await search({ db, coordinator }, query);
      assert.ok(members.length > 0 && members.length <= 3, query);
      assert.ok(looked <= VERY_MANY / 20, `${query}: ${looked} rows were looked at`);
    }
  }));

test('an organisation that has nearly all members is no reason to collect them: a common name is looked for by itself', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    await addSearched(db, callback.organization);
    for (let nth = 0; nth < 30; nth += 1) await addMembers(db, await addOrganization(db), 'Annen', 5);
    await db.pool.query('vacuum analyze registry.members, registry.member_search');
    const { looked } = await search({ db, coordinator }, 'navnc');
    assert.ok(looked >= 500 && looked <= VERY_MANY / 8, `${looked} rows were looked at`);
  }));

/** How many rows of a table a page of a coordinator's list looks at. */
async function lookedAt({ coordinator }: Pick<Desk, 'coordinator'>, table: string, page: string): Promise<number> {
  const [row] = await coordinator.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    `explain (analyze, format json) select * from ${page}`,
  );
  const plan = row?.['QUERY PLAN'][0].Plan as PlanNode;
  assert.ok(plan['Actual Rows'] >= 1, page);
  return rowsLookedAt(plan, table);
}

test('a page from the middle of the members, and one of a rare event, is read without the others', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    for (let nth = 0; nth < 30; nth += 1) await addMembers(db, await addOrganization(db), 'Annen', 5);
    await addMembers(db, callback.organization, 'd', MANY);
    await db.pool.query(
      `insert into audit.events (occurred_at, organization_id, event, source, actor, member_id, message, detail)
       select now() - (${MANY} - n) * interval '1 minute', $1, case when n % 50 = 0 and n < 15000 then 'filled' else 'confirmed' end, 'vipps-login', 'auth_callback',
         (select id from registry.members where external_id = 'd' || n), 'x', '{}'
       from generate_series(1, ${MANY}) as n`,
      [callback.organization.id],
    );
    await db.pool.query('vacuum analyze registry.members, registry.organizations, audit.events');
    const members = await lookedAt(
      { coordinator },
      'members',
      `api.members where external_id > 'd777' order by external_id limit 50`,
    );
    assert.ok(members <= 60, `${members} members were looked at`);
    const events = await lookedAt(
      { coordinator },
      'events',
      `api.member_history where event = 'filled' order by occurred_at desc, event_id desc limit 50`,
    );
    assert.ok(events <= 60, `${events} events were looked at`);
  }));

/** Deliveries of members of their own, all delivered but one of each of these states, which is the oldest. */
async function addDeliveries(db: TestDatabase, { organization }: ActingCallback, states: string[]) {
  await db.pool.query(
    `with delivered_to as (
       insert into registry.members (organization_id, external_id) select $1, 'd' || n from generate_series(1, $2::int) as n
       returning id, substr(external_id, 2)::int as n)
     insert into sync.pushes (organization_id, member_id, state, attempts, next_attempt_at, error_code, created_at, settled_at, consent_withdrawn_at)
     select $1, m.id, s.state, 1, case when s.state = 'pending' then now() + interval '1 day' end,
       case when s.state in ('rejected', 'given_up') then 'http_4xx' end, now() - (30000 - m.n) * interval '1 minute',
       case when s.state <> 'pending' then now() end, case when s.state = 'cancelled' then now() end
     from delivered_to as m cross join lateral (select coalesce(($3::text[])[m.n], 'delivered')::sync.push_state as state) as s`,
    [organization.id, MANY, states],
  );
  await db.pool.query('vacuum analyze sync.pushes, registry.members');
}

test('deliveries of a state that few are in are found without those that were delivered', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    const states = ['pending', 'rejected', 'given_up', 'superseded', 'cancelled'];
    await addDeliveries(db, callback, states);
    assert.equal((await one(db, 'select count(*)::int as n from sync.pushes')).n, MANY);
    for (const state of [
      ...states.map((each) => `= '${each}'`),
      `= any ('{superseded,cancelled}')`,
      `= any ('{pending,sending}')`,
    ]) {
      const page = `api.deliveries where state ${state} order by created_at desc, id desc limit 51`;
      const looked = await lookedAt({ coordinator }, 'pushes', page);
      assert.ok(looked <= 10, `state ${state}: ${looked} deliveries were looked at`);
    }
  }));
