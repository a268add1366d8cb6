import assert from 'node:assert/strict';
import { createLocalJWKSet, exportJWK, jwtVerify, SignJWT } from 'jose';
import { test } from 'vitest';
import { inCase } from '../../support/in-case.ts';
import { base, evidenceOf, kari, logInLinked, lookup, say, sub } from '../support/idporten.ts';
import { createSigningKey, json, type Respond } from '../support/provider.ts';
import { number, startWorld, startWorlds, type World, type WorldOptions } from '../support/world.ts';

test('an opaque token is introspected, and a pseudonymous one asked about at tokeninfo, as the row says', async () => {
  for (const place of ['introspection', 'tokeninfo']) {
    await inCase(place, async () => {
      await using world = await startWorld(lookup(place));
      const path = place === 'introspection' ? '/introspect' : '/tokeninfo';
      world.provider.respond.set(
        path,
        say({ active: true, token_type: 'Bearer', sub, pid: number, client_orgno: '1' }),
      );
      assert.ok((await logInLinked(world)).code);
      assert.deepEqual(await evidenceOf(world), ['filled', null, '088372*****']);
      const [request] = world.provider.requests.filter((each) => each.path === path);
      const form = new URLSearchParams(request?.body);
      assert.match(form.get('token') ?? '', /^\S{20,}$/);
      assert.match(request?.headers.authorization ?? '', /^Basic /, 'as the row’s own client');
      assert.ok(!world.logLines.join('').includes(number));
    });
  }
});

test('a separately configured client asks, in its own way', async () => {
  const own = { lookup_client_id: 'lookup-client', lookup_client_secret_env: 'OIDC_LOOKUP' };
  await inCase('client_secret_post', async () => {
    await using world = await startWorld({
      ...lookup('tokeninfo', { ...own, lookup_auth_method: 'client_secret_post' }),
      environment: { OIDC_LOOKUP: 'lookup secret' },
    });
    world.provider.respond.set('/tokeninfo', say({ active: true, pid: number }));
    assert.ok((await logInLinked(world)).code);
    const [request] = world.provider.requests.filter(({ path }) => path === '/tokeninfo');
    const form = new URLSearchParams(request?.body);
    assert.deepEqual([form.get('client_id'), form.get('client_secret')], ['lookup-client', 'lookup secret']);
    const [exchange] = world.provider.requests.filter(({ path }) => path === '/token');
    assert.ok(!exchange?.body.includes('lookup'), 'the code is redeemed by the other one');
  });
  await inCase('private_key_jwt', async () => {
    const key = await createSigningKey('lookup-key', 'ES256');
    const secret = JSON.stringify({ ...(await exportJWK(key.privateKey)), kid: 'lookup-key', alg: 'ES256' });
    await using world = await startWorld({
      ...lookup('introspection', { ...own, lookup_auth_method: 'private_key_jwt' }),
      environment: { OIDC_LOOKUP: secret },
    });
    world.provider.respond.set('/introspect', say({ active: true, pid: number }));
    assert.ok((await logInLinked(world)).code);
    const [request] = world.provider.requests.filter(({ path }) => path === '/introspect');
    const assertion = new URLSearchParams(request?.body).get('client_assertion') ?? '';
    const { payload } = await jwtVerify(assertion, createLocalJWKSet({ keys: [key.publicJwk] }));
    assert.deepEqual(
      [payload.iss, payload.sub, payload.aud],
      ['lookup-client', 'lookup-client', world.provider.issuer],
    );
    assert.ok((payload.exp ?? 0) - (payload.iat ?? 0) <= 120 && payload.jti);
  });
});

test('a row may say where tokeninfo is', async () => {
  await using elsewhere = await startWorld(lookup('tokeninfo'));
  const tokeninfo_endpoint = `${elsewhere.provider.issuer}own/tokeninfo`;
  await using world = await startWorld({
    providerRow: { ...base, personnummer_from: 'tokeninfo', tokeninfo_endpoint },
  });
  elsewhere.provider.respond.set('/own/tokeninfo', say({ active: true, pid: number }));
  assert.ok((await logInLinked(world)).code);
  assert.deepEqual(await evidenceOf(world), ['filled', null, '088372*****']);
});

test('a token that is not active is a refused login, and nothing else of that answer is read', async () => {
  await using world = await startWorld(lookup('introspection'));
  world.provider.respond.set('/introspect', say({ active: false, pid: number, sub }));
  const login = await logInLinked(world);
  assert.equal(login.error, 'login_failed');
  assert.equal((await world.observations()).length, 0);
  assert.ok(world.logLines.join('').includes('access_token_not_active'));
});

/** Answers that bring no number, and cost nothing but that. */
const useless: [string, Respond, [string, string], boolean][] = [
  ['without pid', say({ active: true, sub }), ['not_given', 'quiet'], false],
  ['500', (_, response) => void response.writeHead(500).end(), ['not_given', 'logged'], true],
  ['401', (_, response) => json(response, 401, { error: 'invalid_client' }), ['not_given', 'logged'], true],
  ['no JSON', (_, response) => void response.writeHead(200).end('x'), ['not_given', 'logged'], true],
  ['active as a string', say({ active: 'true', pid: number }), ['not_given', 'logged'], true],
  ['no active', say({ pid: number }), ['not_given', 'logged'], true],
  ['an array', (_, response) => json(response, 200, [{ active: true, pid: number }]), ['not_given', 'logged'], true],
  ['of another client', say({ active: true, pid: number, client_id: 'other' }), ['not_given', 'logged'], true],
  ['of another issuer', say({ active: true, pid: number, iss: 'https://evil.example' }), ['not_given', 'logged'], true],
  ['of another subject', say({ active: true, pid: number, sub: 'other' }), ['inconsistent', 'logged'], false],
  ['pid as a number', say({ active: true, pid: 8837220093 }), ['malformed', 'logged'], false],
  ['a broken connection', (_, response) => void response.destroy(), ['not_given', 'logged'], true],
  ['a redirect', (_, response) => void response.writeHead(302, { location: '/' }).end(), ['not_given', 'logged'], true],
];

test('an introspection that brings no number costs the number, not the login', async () => {
  await using worlds = await startWorlds(useless.map(() => lookup('introspection')));
  for (const [at, [name, respond, [reason], logged]] of useless.entries()) {
    await inCase(name, async () => {
      const world = worlds[at] as World;
      world.provider.respond.set('/introspect', respond);
      const lines = world.logLines.length;
      assert.ok((await logInLinked(world)).code);
      assert.deepEqual(await evidenceOf(world), ['absent', reason, null]);
      const text = world.logLines.slice(lines).join('');
      assert.equal(text.includes('token_lookup_unavailable'), logged);
      assert.ok(!text.includes(number));
    });
  }
});

test('where nobody says whom to ask, or the secret is missing, the login is an ordinary one without a number', async () => {
  const cases: [string, WorldOptions][] = [
    ['no introspection endpoint', { providerRow: { ...base, personnummer_from: 'introspection' } }],
    ['no tokeninfo endpoint', { providerRow: { ...base, personnummer_from: 'tokeninfo' } }],
    [
      'no secret for the lookup client',
      lookup('tokeninfo', {
        lookup_client_id: 'x',
        lookup_client_secret_env: 'OIDC_NOT_THERE',
        lookup_auth_method: 'client_secret_basic',
      }),
    ],
  ];
  await using worlds = await startWorlds(cases.map(([, options]) => options));
  for (const [at, [name]] of cases.entries()) {
    await inCase(name, async () => {
      const world = worlds[at] as World;
      assert.ok((await logInLinked(world, kari({ pid: number }))).code);
      assert.deepEqual(await evidenceOf(world), ['absent', 'not_given', null]);
    });
  }
});

test('introspection that is a signed JWT is used when the signature verifies, and not otherwise', async () => {
  for (const honest of [true, false]) {
    await inCase(honest ? 'by the provider' : 'by somebody else', async () => {
      await using world = await startWorld(lookup('introspection'));
      const { provider } = world;
      const { rows } = await world.db.pool.query('select client_id from registry.identity_providers');
      const key = honest ? provider.key : await createSigningKey(provider.key.kid);
      const claims = {
        iss: provider.issuer,
        aud: rows[0].client_id,
        token_introspection: { active: true, pid: number },
      };
      const header = { alg: 'RS256', kid: key.kid, typ: 'token-introspection+jwt' };
      const jwt = await new SignJWT(claims).setProtectedHeader(header).setIssuedAt().sign(key.privateKey);
      provider.respond.set('/introspect', (_, response) => {
        response.writeHead(200, { 'content-type': 'application/token-introspection+jwt' }).end(jwt);
      });
      assert.ok((await logInLinked(world)).code);
      assert.equal((await evidenceOf(world))[2], honest ? '088372*****' : null);
    });
  }
});
