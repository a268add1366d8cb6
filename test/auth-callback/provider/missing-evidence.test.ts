import assert from 'node:assert/strict';
import { test } from 'vitest';
import { counts } from '../../support/acting-callback.ts';
import { inCase } from '../../support/in-case.ts';
import {
  answerAsked,
  bankidPerson,
  bankidRow,
  bankidWorld,
  behaveAsBankid,
  consentsOf,
  linkMember,
  openCases,
  untilAsked,
} from '../support/bankid.ts';
import { type Ended, logIn } from '../support/browser.ts';
import { announce, base, kari } from '../support/idporten.ts';
import { numberCases } from '../support/number-cases.ts';
import { json, type Person, type Respond } from '../support/provider.ts';
import { number, samplePerson, startWorld, startWorlds, type World, type WorldOptions } from '../support/world.ts';

// Somebody logs in for the first time while a source that could have told who they are does not answer.

/** Every way in which userinfo gives nothing that may be used. */
const failures: [string, Respond][] = [
  ...numberCases.flatMap(({ name, respond }): [string, Respond][] => (respond === undefined ? [] : [[name, respond]])),
  ['403', (_, response) => void response.writeHead(403).end()],
  ['404', (_, response) => void response.writeHead(404).end()],
  ['429', (_, response) => json(response, 429, { error: 'slow_down' })],
  ['204', (_, response) => void response.writeHead(204).end()],
  ['an error as JSON', (_, response) => json(response, 200, { error: 'server_error' })],
  ['null', (_, response) => json(response, 200, null)],
];

/** Told to come again, and nothing is left of it: no row that says "unlinked", no case about somebody who may be a member. */
async function assertNotDecided(world: World, before: Record<string, number>, { status, error, code }: Ended) {
  assert.deepEqual([status, error, code], [302, 'temporarily_unavailable', null]);
  assert.equal((await world.observations()).length, 0);
  assert.deepEqual(await openCases(world), []);
  assert.deepEqual(await counts(world.db), before);
}

test('userinfo that gives nothing says nothing about membership: the person comes again, and is let in then', async () => {
  await using worlds = await startWorlds(
    failures.map(() => ({})),
    { PROVIDER_TIMEOUT_MS: '1500' },
  );
  for (const [at, [name, respond]] of failures.entries()) {
    await inCase(name, async () => {
      const world = worlds[at] as World;
      const before = await counts(world.db);
      world.provider.respond.set('/userinfo', respond);
      const logged = world.logLines.length;
      await assertNotDecided(world, before, await logIn(world));
      const lines = world.logLines.slice(logged).join('');
      assert.match(lines, /"event":"login_finished".*"answer":"temporarily_unavailable".*"code":"evidence_missing"/);
      assert.match(lines, /userinfo_unavailable/);
      world.provider.respond.delete('/userinfo');
      assert.equal((await logIn(world)).error, null);
      assert.deepEqual(
        (await world.observations()).map(({ outcome }) => outcome),
        ['filled'],
      );
    });
  }
});

const down: Respond = (_, response) => void response.writeHead(500).end();
const introspected = (from: string, more: Record<string, unknown> = {}): WorldOptions => ({
  providerRow: { ...base, personnummer_from: from, ...more },
  prepare: announce,
  member: { personnummer: number },
});

test('the same holds for introspection and tokeninfo, whatever is wrong with them', async () => {
  const answers: [string, Respond][] = [
    ['500', down],
    ['401', (_, response) => json(response, 401, { error: 'invalid_client' })],
    ['no JSON', (_, response) => void response.writeHead(200).end('x')],
    ['no active', (_, response) => json(response, 200, { pid: number })],
    ['of another client', (_, response) => json(response, 200, { active: true, pid: number, client_id: 'other' })],
    ['a broken connection', (_, response) => void response.destroy()],
  ];
  const missing = {
    lookup_client_id: 'x',
    lookup_client_secret_env: 'OIDC_NOT_THERE',
    lookup_auth_method: 'client_secret_basic',
  };
  const cases: [string, WorldOptions, Respond | undefined][] = [
    ...['introspection', 'tokeninfo'].flatMap((from) =>
      answers.map(([name, respond]): [string, WorldOptions, Respond] => [
        `${from}: ${name}`,
        introspected(from),
        respond,
      ]),
    ),
    ['our own secret for it is missing', introspected('tokeninfo', missing), undefined],
  ];
  await using worlds = await startWorlds(cases.map(([, options]) => options));
  for (const [at, [name, , respond]] of cases.entries()) {
    await inCase(name, async () => {
      const world = worlds[at] as World;
      const before = await counts(world.db);
      for (const path of ['/introspect', '/tokeninfo'])
        if (respond !== undefined) world.provider.respond.set(path, respond);
      await assertNotDecided(world, before, await logIn(world, kari()));
      if (respond === undefined) return;
      const answer = { active: true, pid: number };
      for (const path of ['/introspect', '/tokeninfo'])
        world.provider.respond.set(path, (_, to) => json(to, 200, answer));
      assert.equal((await logIn(world, kari())).error, null);
    });
  }
});

const { nin: _, ...contact } = samplePerson().userinfo ?? {};
const inToken = (idToken: Record<string, unknown>): Person => ({ ...samplePerson(), idToken });

test('what the ID token alone holds may be enough', async () => {
  const fromToken = { personnummer_from: 'id_token' };
  const cases: [string, WorldOptions, Person, string][] = [
    ['phone, e-mail, name and birth date', {}, inToken(contact), 'absent'],
    ['phone, e-mail and name', {}, inToken({ ...contact, birthdate: undefined }), 'absent'],
    [
      'the recorded number',
      { providerRow: fromToken, member: { personnummer: number } },
      inToken({ nin: number }),
      'confirmed',
    ],
    [
      'BankID: the recorded number, while the e-mail address is only in userinfo',
      {
        prepare: behaveAsBankid,
        providerRow: { ...bankidRow, scopes: ['openid', 'profile', 'email', 'nnin_altsub'] },
        member: { personnummer: number },
      },
      bankidPerson(),
      'confirmed',
    ],
  ];
  await using worlds = await startWorlds(cases.map(([, options]) => options));
  for (const [at, [name, , person, outcome]] of cases.entries()) {
    await inCase(name, async () => {
      const world = worlds[at] as World;
      world.provider.respond.set('/userinfo', down);
      assert.equal((await logIn(world, person)).error, null);
      assert.equal(world.provider.count('/userinfo'), 1);
      assert.deepEqual(
        (await world.observations()).map((row) => row.outcome),
        [outcome],
      );
    });
  }
});

test('what is not enough is not half a decision either: no case, no mismatch', async () => {
  const other = { given_name: 'Ola', family_name: 'Hansen', birthdate: '1984-05-17' };
  const cases: [string, Person][] = [
    ['the phone number alone', inToken({ phone_number: contact.phone_number })],
    [
      'phone and e-mail without anything to hold against them',
      inToken({ ...contact, given_name: undefined, family_name: undefined, birthdate: undefined }),
    ],
    ['an unverified e-mail address', inToken({ email: contact.email })],
    ['phone and e-mail of a member with another name', inToken({ ...contact, ...other })],
    [
      'somebody else altogether',
      inToken({ ...other, phone_number: '4799999999', email: 'ola@example.no', email_verified: true }),
    ],
  ];
  await using worlds = await startWorlds(cases.map(() => ({})));
  for (const [at, [name, person]] of cases.entries()) {
    await inCase(name, async () => {
      const world = worlds[at] as World;
      const before = await counts(world.db);
      world.provider.respond.set('/userinfo', down);
      await assertNotDecided(world, before, await logIn(world, person));
    });
  }
});

test('whoever is known already is let in meanwhile', async () => {
  await using world = await startWorld();
  assert.equal((await logIn(world)).error, null);
  world.provider.respond.set('/userinfo', down);
  assert.equal((await logIn(world)).error, null);
  assert.deepEqual(
    (await world.observations()).map(({ outcome, absent_reason }) => [outcome, absent_reason]),
    [
      ['filled', null],
      ['absent', 'not_given'],
    ],
  );
});

test('a provider that contradicts itself has not said that the person is no member; the row that tells of it stays', async () => {
  const stranger = { given_name: 'Ola', family_name: 'Hansen', phone_number: '4799999999', email: 'ola@example.no' };
  const cases: [string, Person][] = [
    ['userinfo of another subject', samplePerson({ sub: 'somebody-else' })],
    ['two numbers', { ...samplePerson(stranger), idToken: { nin: '17858433347' } }],
  ];
  await using worlds = await startWorlds(cases.map(() => ({})));
  for (const [at, [name, person]] of cases.entries()) {
    await inCase(name, async () => {
      const world = worlds[at] as World;
      assert.equal((await logIn(world, person)).error, 'temporarily_unavailable');
      assert.deepEqual(
        (await world.observations()).map((row) => row.absent_reason),
        ['inconsistent'],
      );
    });
  }
});

test('where everything asked for has come, a stranger is told so', async () => {
  await using world = await startWorld();
  const stranger = { given_name: 'Ola', family_name: 'Hansen', phone_number: '4799999999', email: 'ola@example.no' };
  assert.equal((await logIn(world, samplePerson({ ...stranger, nin: undefined }))).error, 'member_not_found');
});

test('BankID’s second leg: userinfo that gives nothing is no refusal of consent, and the member is let in', async () => {
  const answers = failures.filter(([each]) => !each.includes('silence'));
  await using worlds = await startWorlds(answers.map(() => bankidWorld));
  for (const [at, [name, respond]] of answers.entries()) {
    await inCase(name, async () => {
      const world = worlds[at] as World;
      await linkMember(world);
      const asked = await untilAsked(world);
      world.provider.respond.set('/userinfo', respond);
      assert.ok((await answerAsked(world, asked)).code);
      assert.deepEqual(await consentsOf(world), []);
      world.provider.respond.delete('/userinfo');
      assert.ok((await answerAsked(world, await untilAsked(world))).code, 'asked again');
      assert.deepEqual(
        (await consentsOf(world)).map(({ state }) => state),
        ['given'],
      );
    });
  }
});
