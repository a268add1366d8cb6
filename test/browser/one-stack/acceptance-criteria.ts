import assert from 'node:assert/strict';
import pg from 'pg';
import { afterAll, beforeAll, test } from 'vitest';
import { setMemberSystemMode } from '../../../local/demo/member-systems.ts';
import { logIn } from '../../../local/scripted-login.ts';
import type { StackFile } from '../../../local/stack/stack-file.ts';
import { searchDatabase } from '../../support/leaks.ts';
import { until } from '../../support/until.ts';
import { theStack } from './the-stack.ts';

// What was promised to those who ordered this, one test each, on the whole system as `npm start` runs it: real HTTP, real PostgreSQL,
// real worker, real member system.

let stack: StackFile;
let database: pg.Pool;

beforeAll(async () => {
  stack = theStack().stack();
  database = new pg.Pool({ connectionString: stack.databaseUrl, max: 2 });
  await database.query(`alter system set log_statement = 'all'`);
  await database.query('select pg_reload_conf()');
});

afterAll(() => database.end());

async function row(sql: string, ...parameters: unknown[]) {
  return (await database.query(sql, parameters)).rows[0];
}

/** The person's member record, by the id the sample data give it. */
async function login(person: string) {
  const organization = person.split('-')[0] as string;
  const returnTo = stack.organizations.find(({ slug }) => slug === organization)?.returnTo ?? '';
  const result = await logIn({ callbackUrl: stack.callbackUrl, organization, provider: 'vipps', returnTo, person });
  const observation = await row('select * from registry.observations order by received_at desc limit 1');
  const member = await row('select * from registry.members where id = $1', observation.member_id);
  const events = (
    await database.query('select * from audit.events where observation_id = $1 order by id', [observation.id])
  ).rows;
  return { result, observation, member, event: (name: string) => events.find(({ event }) => event === name) };
}

const pushOf = (observation: { id: string }) =>
  row('select * from sync.pushes where observation_id = $1', observation.id);

test('Given a Vipps login where the token contains a personnummer claim, when it is processed, then the member record is checked for an existing value', async () => {
  const filled = await login('nhf-filled');
  const confirmed = await login('nhf-confirmed');
  assert.equal(filled.observation.outcome, 'filled');
  assert.equal(confirmed.observation.outcome, 'confirmed');
});

test('Given a member record with no personnummer, when one is extracted from Vipps, then the record is updated automatically and the sync is logged with a timestamp and source vipps-login', async () => {
  const { result, member, event, observation } = await login('nhf-filled-d-number');
  assert.equal(result.status, 'logged_in');
  assert.match(member.personnummer_masked, /^[4-7]\d{5}\*{5}$/);
  assert.equal(member.personnummer_source, 'vipps-login');
  const logged = event('filled');
  assert.equal(logged.source, 'vipps-login');
  assert.ok(Math.abs(logged.occurred_at.getTime() - Date.now()) < 60_000);
  const push = await until('the push is delivered', async () => {
    const found = await pushOf(observation);
    return found.state === 'delivered' && found;
  });
  assert.equal(push.attempts, 1);
});

test("Given a member record with a matching personnummer, when the same value arrives, then no update is performed and the event is silently logged as 'confirmed, no change'", async () => {
  const before = await row(`select version, updated_at from registry.members where external_id = 'HLF-1020'`);
  const { result, member, event, observation } = await login('hlf-confirmed');
  assert.equal(result.status, 'logged_in');
  assert.deepEqual(
    [member.external_id, member.version, member.updated_at],
    ['HLF-1020', before.version, before.updated_at],
  );
  assert.match(event('confirmed').message, /^confirmed, no change/);
  assert.equal(await pushOf(observation), undefined);
});

test('Given a member record with a conflicting personnummer, when a different value arrives, then the conflict is logged for manual coordinator review and no automatic override is performed', async () => {
  const { result, member, event, observation } = await login('nhf-conflict');
  assert.equal(result.status, 'logged_in');
  assert.notEqual(member.personnummer_index, observation.personnummer_index);
  assert.equal(member.version, 1);
  assert.ok(event('conflict').conflict_id);
  const token = stack.organizations.find(({ slug }) => slug === 'nhf')?.coordinatorToken;
  const response = await fetch(`${stack.postgrestUrl}/open_conflicts?observation_id=eq.${observation.id}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const cases = (await response.json()) as { kind: string; member_id: string }[];
  assert.deepEqual(
    cases.map(({ kind, member_id }) => [kind, member_id]),
    [['mismatch', member.id]],
  );
});

test('Given a Vipps login where the claim is absent, when the token is processed, then login proceeds normally with no sync attempt and no error shown', async () => {
  const { result, observation, member } = await login('nhf-absent-withheld');
  assert.equal(result.status, 'logged_in');
  assert.deepEqual([observation.outcome, observation.absent_reason], ['absent', 'not_given']);
  assert.equal(member.personnummer_masked, null);
  assert.equal(await pushOf(observation), undefined);
});

test('Given a sync attempt that fails because the member system is unavailable, when it returns an error, then the authentication still succeeds, the failure is logged, and the sync is queued for retry', async () => {
  await setMemberSystemMode(stack, 'hlf', 'down');
  const { result, observation } = await login('hlf-filled');
  assert.equal(result.status, 'logged_in');
  const failed = await until('an attempt has failed', () =>
    row(`select * from audit.events where observation_id = $1 and event = 'push_attempt_failed'`, observation.id),
  );
  assert.equal(failed.source, 'worker');
  const waiting = await pushOf(observation);
  assert.deepEqual([waiting.state, waiting.settled_at], ['pending', null]);
  assert.ok(waiting.next_attempt_at);
  const job = await row(
    `select count(*)::int as n from graphile_worker.jobs where key = 'push_personnummer:' || $1`,
    waiting.id,
  );
  assert.equal(job.n, 1);
  await setMemberSystemMode(stack, 'hlf', 'ok');
  await until('the push is delivered after all', async () => (await pushOf(observation)).state === 'delivered');
});

test('afterwards no table of the whole system holds a number in clear', async () => {
  assert.deepEqual(await searchDatabase(stack.databaseUrl), []);
});
