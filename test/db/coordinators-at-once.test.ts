import assert from 'node:assert/strict';
import { test } from 'vitest';
import { addKari, one } from '../support/acting-callback.ts';
import { becomeCoordinator } from '../support/coordinator.ts';
import { atTheDesk, record } from '../support/desk.ts';
import { sampleNumbers } from '../support/samples.ts';

const [NUMBER, OTHER_NUMBER, _THIRD_NUMBER] = sampleNumbers;

test('two coordinators settle the same case at once: one decides, the other is told so', () =>
  atTheDesk(async ({ db, callback, coordinator, openCases }) => {
    const colleague = await becomeCoordinator(db, callback.organization);
    const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
    for (let round = 0; round < 10; round += 1) {
      await callback.login({ personnummer: sampleNumbers[2 + (round % 9)] as string, subject: 'subject-of-kari' });
      const [open] = await openCases();
      const replies = await Promise.all([
        coordinator.call('resolve_conflict', open?.id, 'keep_existing', null, open?.version),
        colleague.call('resolve_conflict', open?.id, 'accept_observed', null, open?.version),
      ]);
      assert.deepEqual(replies.map((reply) => reply.code ?? reply.state).sort(), ['resolved', 'stale_version']);
      if (round % 9 === 8) break;
    }
    assert.equal(
      (await one(db, 'select count(*)::int as n from registry.conflicts where member_id = $1', [kari.id])).n,
      9,
    );
  }));

test('a coordinator settles while the member logs in: one after the other, no deadlock, one truth', () =>
  atTheDesk(async ({ db, callback, coordinator, openCases }) => {
    const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
    const [open] = await openCases();
    const [, ...logins] = await Promise.all([
      coordinator.call('resolve_conflict', open?.id, 'accept_observed', null, open?.version),
      ...Array.from({ length: 8 }, () => callback.login({ personnummer: NUMBER })),
    ]);
    for (const { outcome } of logins) assert.ok(['conflict', 'confirmed'].includes(outcome), outcome);
    assert.equal((await record(db, kari.id)).personnummer_masked, '018150*****');
    assert.equal((await callback.login({ personnummer: NUMBER })).outcome, 'confirmed');
  }));
