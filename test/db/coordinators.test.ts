import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, test } from 'vitest';
import { insertRow } from '../../local/sample-data/insert-row.ts';
import { one } from '../support/acting-callback.ts';
import { actAs, becomeCoordinator } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { addClient, addOrganization, addProvider, type Organization } from '../support/samples.ts';

// Who may sign in as a coordinator, and what becomes of the session.

const ISSUER = 'https://staff.example';
const DESK = 'https://desk.example/signed-in';
const CHALLENGE = createHash('sha256').update('verifier').digest('base64url');
const hash = (text: string) => createHash('sha256').update(text).digest();

let db: TestDatabase;
let callback: pg.Pool;
let organization: Organization;
let other: Organization;

beforeAll(async () => {
  db = await createTestDatabase();
  callback = new pg.Pool({ connectionString: db.urlFor('auth_callback'), max: 12 });
});
afterAll(async () => {
  await callback.end();
  await db[Symbol.asyncDispose]();
});

async function withStaff(issuer: string): Promise<Organization> {
  const made = await addOrganization(db);
  await addProvider(db, made, { provider: 'staff', issuer, scopes: ['openid', 'email'] });
  await addClient(db, made, { audience: 'coordinators', redirect_uris: [DESK] });
  return made;
}

beforeEach(async () => {
  organization = await withStaff(ISSUER);
  other = await withStaff('https://staff.other.example');
});

const invite = (columns: Record<string, unknown> = {}) =>
  insertRow<{ user_id: string }>(db.pool, 'registry.coordinators', {
    organization_id: organization.id,
    email: 'Kari@Example.no',
    invited_at: new Date(),
    ...columns,
  });

type SignIn = { code?: string; [argument: string]: unknown };

async function signIn({ code = randomUUID(), ...changes }: SignIn = {}): Promise<{ answer: string; code: string }> {
  const values: Record<string, unknown> = {
    organization: organization.slug,
    issuer: ISSUER,
    subject: 'kari',
    email: 'kari@example.no',
    email_verified: true,
    code_hash: hash(code),
    code_challenge: CHALLENGE,
    return_to: DESK,
    client_id: 'app',
    ...changes,
  };
  const names = Object.keys(values).map((name, at) => `${name} => $${at + 1}`);
  const text = `select login.sign_in_coordinator(${names.join(', ')}) as answer`;
  return { answer: (await callback.query(text, Object.values(values))).rows[0].answer, code };
}

async function redeem(code: string, changes: Record<string, unknown> = {}) {
  const values = { code_hash: hash(code), challenge: CHALLENGE, token: hash(`${code} 0`), client: 'app', uri: DESK };
  const text = `select * from login.redeem_code($1, $2, $3, client_id => $4, redirect_uri => $5)`;
  return (await callback.query(text, Object.values({ ...values, ...changes }))).rows[0];
}

async function rotate(from: string, to: string, client: string | null = 'app') {
  const text = 'select * from login.rotate_refresh_token($1, $2, $3, client_id => $4)';
  return (await callback.query(text, [hash(from), hash('salt'), hash(to), client])).rows[0];
}

async function session(changes: SignIn = {}) {
  const { answer, code } = await signIn(changes);
  assert.equal(answer, 'opened');
  const opened = await redeem(code);
  assert.equal(opened.audience, 'coordinators');
  return { ...opened, code } as { session_id: string; user_id: string; organization: string; code: string };
}

const events = async () =>
  (
    await db.pool.query<{ event: string }>(
      `select event from audit.events where organization_id = $1 and event ~ 'coordinator|sign_in|session' order by id`,
      [organization.id],
    )
  ).rows.map(({ event }) => event);

const seesOrganizations = async (claims: Record<string, unknown>) => {
  const person = actAs(db, claims);
  return (await person.query<{ organization: string }>('select organization from api.my_profile')).map(
    ({ organization: slug }) => slug,
  );
};
const claimsOf = ({ user_id, session_id }: { user_id: string; session_id: string }) => ({
  sub: user_id,
  session_id,
  app_metadata: { audience: 'coordinators' },
});

test('an invitation is used once, by the verified address, and after that issuer and subject alone count', async () => {
  const { user_id } = await invite();
  assert.equal((await session()).user_id, user_id);
  assert.deepEqual(await events(), ['coordinator_invited', 'coordinator_bound', 'coordinator_signed_in']);
  assert.equal((await signIn({ subject: 'somebody else' })).answer, 'not_invited', 'the same address, another subject');
  assert.equal((await session({ email: null, email_verified: false })).user_id, user_id, 'the address does not matter');
  const row = await one(db, 'select state, issuer, subject from registry.coordinators where user_id = $1', [user_id]);
  assert.deepEqual(row, { state: 'bound', issuer: ISSUER, subject: 'kari' });
});

test('nobody is signed in by an address that is wrong, not verified, too old, or at another organisation', async () => {
  await invite();
  assert.equal((await signIn({ email: 'ola@example.no' })).answer, 'not_invited');
  assert.equal((await signIn({ email: null })).answer, 'not_invited');
  assert.equal((await signIn({ email_verified: false })).answer, 'email_not_verified');
  const elsewhere = { organization: other.slug, issuer: 'https://staff.other.example' };
  assert.equal((await signIn(elsewhere)).answer, 'not_invited', 'of another organisation');
  await assert.rejects(signIn({ organization: other.slug }), { code: 'PN001' }, "with the first one's provider");
  await db.pool.query(
    `update registry.coordinators set invited_at = now() - interval '31 days' where organization_id = $1`,
    [organization.id],
  );
  assert.equal((await signIn()).answer, 'invitation_expired');
  const { n } = await one<{ n: number }>(
    db,
    'select count(*)::int as n from registry.sessions where organization_id = any ($1)',
    [[organization.id, other.id]],
  );
  assert.equal(n, 0);
});

test('refused sign-ins are written down five times an hour, without the address', async () => {
  for (let n = 0; n < 12; n += 1) await signIn({ email: 'stranger@example.net' });
  const { rows } = await db.pool.query(
    `select message, detail from audit.events where event = 'sign_in_refused' and organization_id = $1`,
    [organization.id],
  );
  assert.equal(rows.length, 5);
  assert.ok(!JSON.stringify(rows).includes('stranger'));
});

test('of two people who use one invitation at the same time one is signed in', async () => {
  await invite();
  const answers = await Promise.all(['a', 'b', 'c', 'd'].map(async (subject) => (await signIn({ subject })).answer));
  assert.deepEqual(answers.toSorted(), ['not_invited', 'not_invited', 'not_invited', 'opened']);
});

test('one person in two windows is signed in twice, by the one invitation', async () => {
  await invite();
  const answers = await Promise.all([signIn(), signIn(), signIn()]);
  assert.deepEqual(new Set(answers.map(({ answer }) => answer)), new Set(['opened']));
  assert.equal((await events()).filter((event) => event === 'coordinator_bound').length, 1);
});

test('the same call again, whose answer was lost, opens nothing more; with the code redeemed it is refused', async () => {
  await invite();
  const { code } = await signIn();
  assert.equal((await signIn({ code })).answer, 'opened');
  assert.equal((await signIn({ code, subject: 'kari', code_challenge: 'x'.repeat(43) })).answer, 'refused');
  assert.deepEqual(await events(), ['coordinator_invited', 'coordinator_bound', 'coordinator_signed_in']);
  await redeem(code);
  assert.equal((await signIn({ code })).answer, 'refused');
});

test('a code goes to an app for coordinators only, and is good for that app and address only', async () => {
  await invite();
  await addClient(db, organization, { client_id: 'members-app', redirect_uris: ['https://app.example/cb'] });
  const toMembers = { client_id: 'members-app', return_to: 'https://app.example/cb' };
  assert.equal((await signIn(toMembers)).answer, 'refused', "the members' app");
  const toReturn = { client_id: null, return_to: 'https://app.example/return' };
  assert.equal((await signIn(toReturn)).answer, 'refused', "the members' return address");
  assert.equal((await signIn({ return_to: 'https://evil.example/' })).answer, 'refused');
  for (const changes of [
    { client: null, uri: null },
    { client: 'members-app' },
    { uri: 'https://evil.example/' },
    { uri: null },
  ]) {
    const { code } = await signIn();
    assert.equal(await redeem(code, changes), undefined, JSON.stringify(changes));
    assert.equal(await redeem(code), undefined, 'guessed at once, used up');
  }
});

test('the session ends 12 hours after its last refresh, and only its own app refreshes it', async () => {
  await invite();
  const { code, session_id } = await session();
  assert.equal(await rotate(`${code} 0`, 'x', null), undefined, 'no app');
  assert.equal(await rotate(`${code} 0`, 'x', 'another'), undefined, 'another app');
  const until = async () =>
    (
      await one<{ hours: number }>(
        db,
        `select round(extract(epoch from expires_at - now()) / 360) / 10 as hours
      from registry.sessions where id = $1`,
        [session_id],
      )
    ).hours;
  await db.pool.query(`update registry.sessions set expires_at = now() + interval '1 minute' where id = $1`, [
    session_id,
  ]);
  assert.equal((await rotate(`${code} 0`, `${code} 1`)).audience, 'coordinators');
  assert.equal(Number(await until()), 12);
  await db.pool.query(`update registry.sessions set expires_at = now() where id = $1`, [session_id]);
  assert.equal(await rotate(`${code} 1`, `${code} 2`), undefined);
});

test('however often it is refreshed, a session ends a day after it was opened', async () => {
  await invite();
  const { code, session_id } = await session();
  const opened = (hours: number) =>
    db.pool.query(
      `update registry.sessions set opened_at = now() - make_interval(hours => $2), expires_at = now() + interval '1 minute' where id = $1`,
      [session_id, hours],
    );
  await opened(23);
  assert.ok(await rotate(`${code} 0`, `${code} 1`));
  const { minutes } = await one(
    db,
    'select round(extract(epoch from expires_at - now()) / 60)::int as minutes from registry.sessions where id = $1',
    [session_id],
  );
  assert.equal(minutes, 60);
  await opened(24);
  assert.ok(await rotate(`${code} 1`, `${code} 2`), 'it was not over yet');
  assert.equal(await rotate(`${code} 2`, `${code} 3`), undefined, 'now it is');
});

test('the refresh token before the current one is good for a minute; an older one ends the family', async () => {
  await invite();
  const { code, session_id } = await session();
  await rotate(`${code} 0`, `${code} 1`);
  assert.ok(await rotate(`${code} 0`, 'whatever'), 'an answer that was lost');
  await rotate(`${code} 1`, `${code} 2`);
  assert.equal(await rotate(`${code} 0`, 'whatever'), undefined);
  assert.equal(await rotate(`${code} 2`, `${code} 3`), undefined, 'the current one with it');
  const { end_reason } = await one(db, 'select end_reason from registry.sessions where id = $1', [session_id]);
  assert.equal(end_reason, 'refresh_token_reused');
});

test('whoever is removed sees nothing more and refreshes nothing more, and it is written down', async () => {
  await invite();
  const opened = await session();
  assert.deepEqual(await seesOrganizations(claimsOf(opened)), [organization.slug]);
  await db.pool.query('delete from registry.coordinators where user_id = $1', [opened.user_id]);
  assert.deepEqual(await seesOrganizations(claimsOf(opened)), []);
  assert.equal(await rotate(`${opened.code} 0`, 'x'), undefined);
  assert.equal((await signIn()).answer, 'not_invited');
  const { detail } = await one<{ detail: unknown }>(
    db,
    `select detail from audit.events where event = 'coordinator_removed' and organization_id = $1`,
    [organization.id],
  );
  assert.deepEqual(detail, { user_id: opened.user_id, sessions: 1 });
});

test('where the staff provider is switched off, or is another now, nobody whom it let in goes on', async () => {
  await invite();
  for (const change of [`enabled = false`, `issuer = 'https://another.example'`]) {
    const { code, session_id } = await session();
    await rotate(`${code} 0`, `${code} 1`);
    const of = `where organization_id = $1 and provider = 'staff'`;
    await db.pool.query(`update registry.identity_providers set ${change} ${of}`, [organization.id]);
    assert.equal(await rotate(`${code} 1`, `${code} 2`), undefined, change);
    const { end_reason } = await one(db, 'select end_reason from registry.sessions where id = $1', [session_id]);
    assert.equal(end_reason, 'link_removed');
    await db.pool.query(`update registry.identity_providers set enabled = true, issuer = $2 ${of}`, [
      organization.id,
      ISSUER,
    ]);
  }
});

test('whoever signs out reads nothing more with the access token at hand', async () => {
  await invite();
  const opened = await session();
  const end = 'select login.end_session(refresh_token_hash => $1, session_id => null, client_id => $2)';
  await callback.query(end, [hash(`${opened.code} 0`), 'another']);
  assert.deepEqual(await seesOrganizations(claimsOf(opened)), [organization.slug], 'not by another app');
  await callback.query(end, [hash(`${opened.code} 0`), 'app']);
  assert.deepEqual(await seesOrganizations(claimsOf(opened)), []);
  assert.equal(await rotate(`${opened.code} 0`, 'x'), undefined);
  assert.equal((await events()).at(-1), 'session_ended');
});

test('a row that is given to another login ends the sessions of the one before', async () => {
  await invite();
  const opened = await session();
  await db.pool.query(`update registry.coordinators set subject = 'ola' where user_id = $1`, [opened.user_id]);
  assert.deepEqual(await seesOrganizations(claimsOf(opened)), []);
  assert.equal((await signIn()).answer, 'not_invited');
  assert.equal((await session({ subject: 'ola' })).user_id, opened.user_id);
});

test("a token says for whom it is: a member's opens nothing, a coordinator's its own organisation", async () => {
  await invite();
  const opened = await session();
  const { user_id, session_id } = opened;
  await insertRow(db.pool, 'registry.coordinators', { user_id, organization_id: other.id });
  assert.deepEqual(await seesOrganizations(claimsOf(opened)), [organization.slug], 'the other has its own provider');
  assert.deepEqual(await seesOrganizations({ sub: user_id, session_id, app_metadata: { audience: 'members' } }), []);
  assert.deepEqual(await seesOrganizations({ sub: user_id, session_id, app_metadata: { audience: 'x' } }), []);
  const foreign = { ...claimsOf(opened), sub: randomUUID() };
  assert.deepEqual(await seesOrganizations(foreign), [], "somebody else's session");
  const colleague = await becomeCoordinator(db, organization);
  const lent = { ...claimsOf(opened), sub: colleague.userId };
  assert.deepEqual(await seesOrganizations(lent), [], "a colleague's session");
  const gone = { ...claimsOf(opened), session_id: randomUUID() };
  assert.deepEqual(await seesOrganizations(gone), [], 'a session that never was');
});

test('coordinators who sign in through Supabase Auth work by their user id, also when other columns are filled', async () => {
  const coordinator = await becomeCoordinator(db, organization, other);
  await db.pool.query(`update registry.coordinators set name = 'Kari', email = 'k@example.no' where user_id = $1`, [
    coordinator.userId,
  ]);
  const { length } = await coordinator.query('select from api.my_profile');
  assert.equal(length, 2);
});

test('colleagues are named, the caller is marked, and the language is kept for all the organisations', async () => {
  const coordinator = await becomeCoordinator(db, organization);
  await invite({ email: 'ola@example.no' });
  await invite({ email: 'eva@example.no', name: 'Eva' });
  const colleagues = await coordinator.query('select name, me from api.coordinators order by me, name');
  assert.deepEqual(colleagues, [
    { name: 'Eva', me: false },
    { name: 'ola@example.no', me: false },
    { name: `user ${coordinator.userId.slice(0, 8)}`, me: true },
  ]);
  assert.deepEqual(await coordinator.call('set_language', 'nn'), { language: 'nn' });
  assert.equal((await coordinator.query('select language from api.my_profile'))[0]?.language, 'nn');
  assert.deepEqual(await coordinator.call('set_language', null), { language: null });
  assert.equal((await coordinator.call('set_language', 'no')).code, 'unknown_language');
  const nobody = await becomeCoordinator(db);
  assert.equal((await nobody.call('set_language', 'nb')).code, 'not_found');
});

test('the states are tied to their evidence, and a staff provider can bring no number', async () => {
  const refusedBy = (constraint: string) => ({ constraint });
  await assert.rejects(invite({ email: null }), refusedBy('coordinators_invitation_has_email'));
  await assert.rejects(invite({ issuer: ISSUER }), refusedBy('coordinators_login_is_whole'));
  await invite();
  await assert.rejects(invite({ email: 'kari@example.no' }), refusedBy('coordinators_invitation'), 'one at a time');
  for (const columns of [
    { consent_mode: 'own' },
    { personnummer_scope: 'nin' },
    { personnummer_from: 'introspection' },
  ]) {
    const made = await addOrganization(db);
    const added = addProvider(db, made, { provider: 'staff', ...columns });
    await assert.rejects(added, refusedBy('identity_providers_staff_brings_no_number'), JSON.stringify(columns));
  }
});
