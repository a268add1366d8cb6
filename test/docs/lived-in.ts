import { generateKeyPairSync, randomBytes } from 'node:crypto';
import pg from 'pg';
import { erase } from '../db/support/erasing.ts';
import { actAsCallback, one } from '../support/acting-callback.ts';
import { becomeCoordinator } from '../support/coordinator.ts';
import type { TestDatabase } from '../support/database.ts';
import { addMember, sealNumber } from '../support/samples.ts';
import { proposeLink, redeemLink } from '../support/sessions.ts';
import { importTwice } from './imports.ts';
import { attempt, breakAndMend, failAndRetry, typeIn } from './pushes.ts';
import { comeIn, meet, number, person, type Scene, sha256 } from './scene.ts';

const RETURN_TO = 'https://app.example/return';
const CHALLENGE = 'x'.repeat(43);
/** Ids of the database that `liveIn` leaves, for queries that ask for one. */
export type Landmarks = { member: string; observation: string };

/**
 * Fills a database with events as they come about: logins in the callback's role, decisions through the
 * coordinators', pushes through the worker's. What happens first is dated to the middle of last month.
 */
export async function liveIn(db: TestDatabase): Promise<Landmarks> {
  const callback = await actAsCallback(db);
  const silent = await actAsCallback(db, { consent_mode: 'own' });
  const list = await actAsCallback(db);
  const coordinator = await becomeCoordinator(db, callback.organization, list.organization);
  const worker = new pg.Pool({ connectionString: db.urlFor('sync_worker'), max: 2, allowExitOnIdle: true });
  const scene = { db, callback, coordinator, worker };
  const { member, observation } = await fillAndConfirm(scene);
  await disagree(scene);
  await confer(scene);
  await searchInVain(scene);
  await moveLogins(scene);
  await deferOne(scene);
  await askConsent({ ...scene, callback: silent });
  await sessions(scene);
  await attempt(scene, 'retry', 'http_5xx');
  await dateBack(db);
  await attempt(scene, 'delivered');
  await failAndRetry(scene);
  await breakAndMend(scene);
  await typeIn(scene, list);
  await importTwice(scene);
  const { observation_id } = await comeIn(callback, 0, number(0));
  await callback.pool.query(`select login.report_inconsistency($1, 'numbers_differ')`, [observation_id]);
  const erased = await addMember(db, callback.organization, { external_id: 'leaving' });
  await erase(db, erased);
  await worker.end();
  return { member, observation };
}

async function settle({ coordinator }: Scene, decision: string, nth = 0) {
  const cases = await coordinator.query<{ id: string; version: number }>(
    'select id, version from api.open_conflicts order by opened_at desc, id',
  );
  const found = cases[nth];
  const reply = await coordinator.call('resolve_conflict', found?.id, decision, 'seen the papers', found?.version);
  if (reply.code) throw new Error(`${decision}: ${reply.code}`);
  return found?.id as string;
}

async function fillAndConfirm(scene: Scene): Promise<Landmarks> {
  const { member, observation_id } = await meet(scene, 0, undefined, number(0));
  await comeIn(scene.callback, 0, number(0));
  await comeIn(scene.callback, 0, undefined, { absent_reason: 'malformed' });
  const { personnummer_index } = await one(scene.db, 'select personnummer_index from registry.members where id = $1', [
    member.id,
  ]);
  await comeIn(scene.callback, 0, number(0), {
    personnummer_index: 'v2.of-another-key',
    personnummer_index_previous: [personnummer_index],
  });
  await scene.db.pool.query('update registry.members set personnummer_index = $2 where id = $1', [
    member.id,
    personnummer_index,
  ]);
  await scene.db.pool.query(`update sync.pushes set personnummer_index = $1`, [personnummer_index]);
  return { member: member.id, observation: observation_id };
}

async function disagree(scene: Scene) {
  const { coordinator, callback } = scene;
  await meet(scene, 1, number(1), number(2));
  const replaced = await settle(scene, 'accept_observed');
  await coordinator.call('undo_resolution', replaced, 'another person');
  await settle(scene, 'keep_existing');
  await comeIn(callback, 1, number(2));
  await coordinator.call('resolve_conflict', replaced, 'keep_existing', null, 1);
  await addMember(scene.db, callback.organization, { given_name: 'GivenC', personnummer: number(3) });
  await meet(scene, 2, undefined, number(3));
  await settle(scene, 'merge_into');
  await meet(scene, 3, number(4), number(5));
  await settle(scene, 'not_same_person');
}

/** Two coordinators about one case, and about a key. */
async function confer(scene: Scene) {
  const { coordinator, callback, db } = scene;
  const colleague = await becomeCoordinator(db, callback.organization);
  const allow = (decisions: string) =>
    db.pool.query('update registry.organizations set second_approval = $2 where id = $1', [
      callback.organization.id,
      decisions,
    ]);
  await allow('{keep_existing}');
  await meet(scene, 11, number(10), number(11));
  const id = await settle(scene, 'keep_existing');
  await coordinator.call('withdraw_proposal', id, 2);
  await coordinator.call('assign_conflict', id, colleague.userId);
  await coordinator.call('add_comment', id, 'she will call');
  await coordinator.call('postpone_conflict', id, null, null);
  await settle(scene, 'keep_existing');
  await colleague.call('decline', id, 'ask her once more', 4);
  await settle(scene, 'keep_existing');
  await colleague.call('approve', id, 6);
  await allow('{}');
  const { publicKey } = generateKeyPairSync('x25519');
  const { code } = await coordinator.call(
    'propose_receiver_key',
    callback.organization.slug,
    publicKey.export({ format: 'jwk' }),
  );
  if (code) throw new Error(`propose_receiver_key: ${code}`);
}

async function searchInVain(scene: Scene) {
  const { coordinator, callback, db } = scene;
  const { observation_id } = await comeIn(callback, 4);
  const member = await addMember(db, callback.organization, person(4));
  await coordinator.call('link_login', observation_id, member.id, 'asked her');
  await meet(scene, 5, undefined, number(6), { family_name: 'Otherwise', given_name: 'GivenF' });
  await settle(scene, 'accept_observed');
  await addMember(db, callback.organization, person(6));
  await meet(scene, 6);
  await settle(scene, 'not_same_person');
}

/** Somebody who is logged in asks for a login that is linked to another member. */
async function moveLogins(scene: Scene) {
  const { callback } = scene;
  await meet(scene, 7);
  const asking = await meet(scene, 8);
  const { session } = await openSession(scene, asking.observation_id);
  const proposed = await proposeLink(callback, { id: session }, { ...person(7), subject: 'person 7' });
  await redeemLink(callback, proposed.code, { id: session });
  await settle(scene, 'accept_observed');
  await proposeLink(callback, { id: session }, { subject: 'nobody redeems this' });
  await scene.db.pool.query(
    `update registry.link_proposals set proposed_at = now() - interval '2 minutes', code_expires_at = now() - interval '1 minute'`,
  );
  await scene.worker.query('select * from worker.reconcile()');
}

async function deferOne({ db, callback, worker }: Scene) {
  await db.pool.query('alter function private.settle_observation rename to settle_gone');
  // Without a number: one that only confirms does not come this way.
  const { observation_id } = await comeIn(callback, 0);
  await db.pool.query('alter function private.settle_gone rename to settle_observation');
  await worker.query('select worker.process_observation($1)', [observation_id]);
}

async function askConsent(scene: Scene) {
  const { callback } = scene;
  const evidence = { asked_by: 'us', language: 'nb' };
  const forms = await sealNumber(number(8), callback.organization);
  await callback.pool.query(
    `select login.record_consent($1, true, $2, personnummer_index => $3, personnummer_sealed => $4, personnummer_masked => $5)`,
    [
      (await meet(scene, 9, undefined, number(8))).observation_id,
      evidence,
      forms.personnummer_index,
      forms.personnummer_sealed,
      forms.personnummer_masked,
    ],
  );
  const refusing = (await meet(scene, 10, undefined, number(9))).observation_id;
  await callback.pool.query('select login.record_consent($1, false, $2)', [refusing, evidence]);
  await callback.pool.query(
    `select login.record_revocation($1, 'vipps', 'person 9', 'CONSENT_REVOKED', clock_timestamp(), false)`,
    [callback.organization.slug],
  );
  await comeIn(callback, 9);
}

async function openSession({ callback, db }: Scene, observation: string) {
  const code = randomBytes(8).toString('hex');
  await callback.pool.query('select login.open_session($1, $2, $3, $4)', [
    observation,
    sha256(code),
    CHALLENGE,
    RETURN_TO,
  ]);
  await callback.pool.query('select login.redeem_code($1, $2, $3)', [sha256(code), CHALLENGE, sha256(`${code} 1`)]);
  const { id } = await one(db, 'select id from registry.sessions where observation_id = $1', [observation]);
  return { session: id as string, code };
}

/** One code is used twice, and one refresh token after the next two. */
async function sessions(scene: Scene) {
  const { callback } = scene;
  const rotate = (from: string, to: string) =>
    callback.pool.query('select login.rotate_refresh_token($1, $2, $3)', [sha256(from), sha256('salt'), sha256(to)]);
  const first = await openSession(scene, (await comeIn(callback, 0)).observation_id);
  await rotate(`${first.code} 1`, `${first.code} 2`);
  await rotate(`${first.code} 2`, `${first.code} 3`);
  await rotate(`${first.code} 1`, `${first.code} 4`);
  const second = await openSession(scene, (await comeIn(callback, 0)).observation_id);
  await callback.pool.query('select login.redeem_code($1, $2, $3)', [sha256(second.code), CHALLENGE, sha256('thief')]);
}

/** Only somebody who may switch triggers off can do this, and the page says so. */
async function dateBack(db: TestDatabase) {
  await db.pool.query(`
    alter table audit.events disable trigger _100_refuse_change;
    alter table audit.events disable trigger _200_redact_only;
    grant update on audit.events to current_user;
    update audit.events
    set occurred_at = date_trunc('month', now()) - interval '15 days' + (occurred_at - (select min(occurred_at) from audit.events));
    alter table audit.events enable always trigger _200_redact_only;
    alter table audit.events enable always trigger _100_refuse_change`);
}
