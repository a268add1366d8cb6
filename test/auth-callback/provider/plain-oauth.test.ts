import assert from 'node:assert/strict';
import { test } from 'vitest';
import { inCase } from '../../support/in-case.ts';
import { linkMember } from '../support/bankid.ts';
import { logIn, start } from '../support/browser.ts';
import { announce, evidenceOf, kari, lookup, say, sub } from '../support/idporten.ts';
import type { Respond } from '../support/provider.ts';
import { number, startWorlds, type World } from '../support/world.ts';

const plain = lookup('introspection', { scopes: ['example:members'], minimum_acr: 'idporten-loa-high' });
plain.prepare = (provider) => {
  announce(provider);
  provider.givesIdToken = false;
};

test('plain OAuth 2.0 without openid: introspection is the login’s evidence', async () => {
  const good = { active: true, sub, pid: number, acr: 'idporten-loa-high' };
  const cases: [string, (clientId: string) => Respond, string | null][] = [
    ['all there', (client_id) => say({ ...good, client_id }), null],
    ['not active', (client_id) => say({ ...good, client_id, active: false }), 'login_failed'],
    ['no client', () => say(good), 'login_failed'],
    ['another client', () => say({ ...good, client_id: 'other' }), 'temporarily_unavailable'],
    ['no subject', (client_id) => say({ ...good, client_id, sub: undefined }), 'login_failed'],
    ['an empty subject', (client_id) => say({ ...good, client_id, sub: '' }), 'login_failed'],
    ['a number as subject', (client_id) => say({ ...good, client_id, sub: number }), 'login_failed'],
    ['too low a level', (client_id) => say({ ...good, client_id, acr: 'idporten-loa-low' }), 'login_failed'],
    ['down', () => (_, response) => void response.writeHead(500).end(), 'temporarily_unavailable'],
  ];
  await using worlds = await startWorlds(cases.map(() => plain));
  for (const [at, [name, respond, error]] of cases.entries()) {
    await inCase(name, async () => {
      const world = worlds[at] as World;
      await linkMember(world, sub);
      const started = await start(world);
      const asked = started.address.searchParams;
      assert.deepEqual([asked.get('scope'), asked.get('nonce')], ['example:members', null]);
      assert.equal(asked.get('code_challenge_method'), 'S256');
      world.provider.respond.set('/introspect', respond(asked.get('client_id') ?? ''));
      assert.equal((await logIn(world, kari())).error, error);
      if (error === null) assert.deepEqual(await evidenceOf(world), ['filled', null, '088372*****']);
      else assert.equal((await world.observations()).length, 0);
    });
  }
});
