import assert from 'node:assert/strict';
import { test } from 'vitest';
import { inCase } from '../../support/in-case.ts';
import { answerAsked, bankidPerson, consentsOf, linkedWorld, untilAsked } from '../support/bankid.ts';
import { comeBack, logIn } from '../support/browser.ts';
import { json } from '../support/provider.ts';
import type { World } from '../support/world.ts';

test('a refusal is remembered, the member logs in, and is not asked at the next login', async () => {
  const refusals: [
    string,
    (world: World, asked: Awaited<ReturnType<typeof untilAsked>>) => ReturnType<typeof comeBack>,
  ][] = [
    ['BankID: the claim is missing', (world, asked) => answerAsked(world, asked, bankidPerson({ nnin: null }))],
    [
      'an error',
      (world, asked) => {
        const back = new URL(world.provider.asked(asked.second).get('redirect_uri') ?? '');
        back.searchParams.set('error', 'access_denied');
        back.searchParams.set('state', world.provider.asked(asked.second).get('state') ?? '');
        return comeBack(world, back, asked.secondCookie);
      },
    ],
  ];
  for (const [name, refuse] of refusals) {
    await inCase(name, async () => {
      await using world = await linkedWorld();
      assert.ok((await refuse(world, await untilAsked(world))).code);
      assert.deepEqual(
        (await consentsOf(world)).map(({ state }) => state),
        ['refused'],
      );
      assert.ok((await logIn(world, bankidPerson())).code, 'no question');
      const rows = await world.observations();
      assert.deepEqual(
        rows.map((row) => [row.outcome, row.absent_reason]),
        [
          ['absent', 'not_consented'],
          ['absent', 'not_consented'],
        ],
      );
      assert.ok(rows.every((row) => row.personnummer_index === null));
      await world.db.pool.query(`update registry.consents set answered_at = now() - interval '10 years'`);
      await untilAsked(world);
    });
  }
});

test('a provider that fails in the second leg costs the question, not the login', async () => {
  const failures: [
    string,
    (world: World, asked: Awaited<ReturnType<typeof untilAsked>>) => ReturnType<typeof comeBack>,
  ][] = [
    [
      'server_error',
      (world, asked) => {
        const back = new URL(world.provider.asked(asked.second).get('redirect_uri') ?? '');
        back.searchParams.set('error', 'server_error');
        back.searchParams.set('state', world.provider.asked(asked.second).get('state') ?? '');
        return comeBack(world, back, asked.secondCookie);
      },
    ],
    [
      'the token endpoint is down',
      (world, asked) => {
        world.provider.respond.set('/token', (_, response) => void response.writeHead(503).end());
        return answerAsked(world, asked);
      },
    ],
    [
      'userinfo is down',
      (world, asked) => {
        world.provider.respond.set('/userinfo', (_, response) => void response.writeHead(500).end());
        return answerAsked(world, asked);
      },
    ],
  ];
  for (const [name, fail] of failures) {
    await inCase(name, async () => {
      await using world = await linkedWorld();
      assert.ok((await fail(world, await untilAsked(world))).code);
      assert.equal((await consentsOf(world)).length, 0, 'nobody has answered');
      assert.equal((await world.observations())[0]?.absent_reason, 'not_consented');
    });
  }
  await inCase('the pushed request is not taken', async () => {
    await using world = await linkedWorld();
    world.provider.respond.set('/par', (_, response) => json(response, 500, { error: 'server_error' }));
    assert.ok((await logIn(world, bankidPerson())).code);
    assert.equal((await consentsOf(world)).length, 0);
  });
});
