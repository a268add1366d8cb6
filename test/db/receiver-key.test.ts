import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { calculateJwkThumbprint, compactDecrypt, importJWK, type JWK } from 'jose';
import { test } from 'vitest';
import { sealForReceiver } from '../../worker/sealed-numbers.ts';
import { actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { becomeCoordinator } from '../support/coordinator.ts';
import { createTestDatabase } from '../support/database.ts';
import { atTheDesk } from '../support/desk.ts';
import { sampleNumbers } from '../support/samples.ts';

// The key that numbers on the worklist are sealed for: a coordinator proposes it, another compares the fingerprint and approves.

const pairOf = (crv: 'X25519' | 'P-256') => {
  const { publicKey, privateKey } =
    crv === 'X25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { public: publicKey.export({ format: 'jwk' }), private: privateKey.export({ format: 'jwk' }) };
};

test('proposed, compared, approved: the key is stored under its fingerprint, and what waits is sealed again', () =>
  atTheDesk(async ({ db, callback, coordinator, openCases }) => {
    const colleague = await becomeCoordinator(db, callback.organization);
    await db.pool.query(`update sync.member_systems set kind = 'worklist', url_template = null`);
    await addKari(db, callback);
    await callback.login({ personnummer: sampleNumbers[0] });
    await db.pool.query(
      `update sync.pushes set accepted_until = now() + interval '1 day', receiver_sealed = 'for.a.lost.key.x'`,
    );
    for (const crv of ['X25519', 'P-256'] as const) {
      const keys = pairOf(crv);
      const thumbprint = await calculateJwkThumbprint(keys.public as JWK);
      const before = await one(db, 'select receiver_key from sync.member_systems');
      const proposed = await coordinator.call('propose_receiver_key', callback.organization.slug, {
        ...keys.public,
        kid: 'mine',
        use: 'enc',
      });
      assert.deepEqual([proposed.state, proposed.proposed_decision], ['proposed', 'accept_receiver_key']);
      const [shown] = (await openCases()) as unknown as { detail: Record<string, unknown>; decisions: string[] }[];
      assert.equal(shown?.detail.fingerprint, thumbprint);
      assert.equal(shown?.detail.replaces, before.receiver_key?.kid);
      assert.deepEqual(shown?.decisions, ['accept_receiver_key', 'keep_existing']);
      assert.deepEqual(await one(db, 'select receiver_key from sync.member_systems'), before, 'not yet');
      assert.equal((await coordinator.call('approve', proposed.conflict_id, proposed.version)).code, 'own_proposal');
      assert.deepEqual(await one(db, 'select receiver_key from sync.member_systems'), before);

      const reply = await colleague.call('approve', proposed.conflict_id, proposed.version);
      assert.deepEqual([reply.state, reply.undo_until], ['resolved', null]);
      const { receiver_key } = await one(db, 'select receiver_key from sync.member_systems');
      assert.deepEqual(receiver_key, { ...keys.public, kid: thumbprint });
      assert.equal((await one(db, 'select receiver_sealed from sync.pushes')).receiver_sealed, null, 'sealed again');
      const sealed = await sealForReceiver(receiver_key, 'text');
      const opened = await compactDecrypt(sealed, await importJWK(keys.private as JWK, 'ECDH-ES'));
      assert.equal(new TextDecoder().decode(opened.plaintext), 'text');
      assert.equal((await coordinator.call('undo_resolution', proposed.conflict_id, null)).code, 'not_resolved');
    }
    const { detail } = await one(db, `select detail from audit.events where event = 'receiver_key_accepted' limit 1`);
    assert.match(detail.fingerprint, /^[\w-]{43}$/);
  }));

test('a key that another took the place of cannot be approved; a second one waits until the first is settled', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    const colleague = await becomeCoordinator(db, callback.organization);
    const { slug } = callback.organization;
    const first = await coordinator.call('propose_receiver_key', slug, pairOf('X25519').public);
    assert.equal((await colleague.call('propose_receiver_key', slug, pairOf('P-256').public)).code, 'awaits_approval');
    await db.pool.query(`update sync.member_systems set receiver_key = $1`, [
      { ...pairOf('X25519').public, kid: 'new' },
    ]);
    assert.equal((await colleague.call('approve', first.conflict_id, first.version)).code, 'evidence_changed');
    await coordinator.call('withdraw_proposal', first.conflict_id, first.version);
    const second = await colleague.call('propose_receiver_key', slug, pairOf('P-256').public);
    assert.equal(second.state, 'proposed');
    const { state } = await one(db, 'select state from registry.conflicts where id = $1', [first.conflict_id]);
    assert.equal(state, 'superseded');
    assert.equal((await coordinator.call('decline', second.conflict_id, 'not what she read to me', 2)).state, 'open');
    const kept = await coordinator.call('resolve_conflict', second.conflict_id, 'keep_existing', null, 3);
    assert.equal(kept.state, 'resolved');
    assert.equal((await coordinator.call('propose_receiver_key', slug, pairOf('P-256').public)).state, 'proposed');
  }));

test('two propose at the same moment: one case, and the other is told so', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    const colleague = await becomeCoordinator(db, callback.organization);
    const replies = await Promise.all(
      [coordinator, colleague].map((each) =>
        each.call('propose_receiver_key', callback.organization.slug, pairOf('X25519').public),
      ),
    );
    assert.deepEqual(replies.map(({ code, state }) => code ?? state).toSorted(), ['awaits_approval', 'proposed']);
    assert.equal((await one(db, 'select count(*)::int as n from registry.conflicts')).n, 1);
  }));

test('where no second coordinator has to approve, the key is stored at once', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    await db.pool.query(`update registry.organizations set second_approval = '{}'`);
    const reply = await coordinator.call('propose_receiver_key', callback.organization.slug, pairOf('X25519').public);
    assert.deepEqual([reply.state, reply.decision], ['resolved', 'accept_receiver_key']);
    assert.notEqual((await one(db, 'select receiver_key from sync.member_systems')).receiver_key, null);
  }));

test('a private key, another organisation, and one without a member system are refused', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    const elsewhere = await actAsCallback(db);
    const { slug } = callback.organization;
    const keys = pairOf('X25519');
    assert.equal((await coordinator.call('propose_receiver_key', slug, keys.private)).code, 'key_is_private');
    for (const foreign of [elsewhere.organization.slug, 'nobody'])
      assert.equal((await coordinator.call('propose_receiver_key', foreign, keys.public)).code, 'not_found');
    assert.equal((await one(db, 'select count(*)::int as n from registry.conflicts')).n, 0);
    const events = await db.pool.query('select * from audit.events');
    assert.ok(!JSON.stringify(events.rows).includes(keys.private.d as string), 'no event has the private key');
  }));

test('the database accepts exactly the keys that the worker can seal for', async () => {
  await using db = await createTestDatabase();
  const x = (hex: string) => ({ kty: 'OKP', crv: 'X25519', x: Buffer.from(hex, 'hex').toString('base64url') });
  const ec = pairOf('P-256').public;
  const low = [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    `01${'00'.repeat(30)}80`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(31)}`,
  ];
  const jwks: (JsonWebKey | string | null)[] = [
    ...Array.from({ length: 20 }, () => pairOf('X25519').public),
    ...Array.from({ length: 20 }, () => pairOf('P-256').public),
    ...low.map(x),
    x(createHash('sha256').update('any point').digest('hex')),
    { ...ec, y: ec.x as string },
    { ...ec, x: Buffer.alloc(32, 255).toString('base64url') },
    { ...ec, x: (ec.x as string).slice(1) },
    { ...ec, crv: 'P-384' },
    { ...ec, kty: 'OKP' },
    { kty: 'oct', k: 'AAAA' },
    generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }),
    generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }),
    { kty: 'OKP', crv: 'X25519' },
    {},
    'key',
    null,
  ];
  let usable = 0;
  for (const jwk of jwks) {
    const { refusal } = await one(db, 'select private.why_not_key($1::jsonb) as refusal', [JSON.stringify(jwk)]);
    const sealed = await sealForReceiver({ ...(jwk as object), kid: 'k' }, 'text').then(
      () => true,
      () => false,
    );
    assert.equal(refusal === null, sealed, JSON.stringify(jwk));
    usable += Number(sealed);
  }
  assert.equal(usable, 41);
});
