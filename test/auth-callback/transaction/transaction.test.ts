import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'vitest';
import { createTransactionSealer, type LoginTransaction } from '../../../auth-callback/transaction/transaction.ts';
import { parseSecrets } from '../../../personnummer/keys.ts';
import { inCase } from '../../support/in-case.ts';
import { testKeys } from '../../support/samples.ts';
import { comeBack, get, logIn, start, startUrl } from '../support/browser.ts';
import { startWorld, startWorlds, type World } from '../support/world.ts';

/** Nothing happened: a page, no redirect, nobody asked, nothing kept. */
async function assertRefused(world: World, ended: Awaited<ReturnType<typeof comeBack>>): Promise<void> {
  assert.equal(ended.status, 400);
  assert.equal(ended.location, undefined);
  assert.equal(world.provider.count('/token'), 0);
  assert.equal((await world.observations()).length, 0);
}

const pageCases: [string, (address: URL, cookie: string) => { address: URL; cookie: string | undefined }][] = [
  ['no cookie', (address) => ({ address, cookie: undefined })],
  ['another state', (address, cookie) => ({ address: withParameter(address, 'state', 'x'.repeat(43)), cookie })],
  ['no state', (address, cookie) => ({ address: withParameter(address, 'state'), cookie })],
  ['state twice', (address, cookie) => ({ address: repeated(address, 'state'), cookie })],
  ['code twice', (address, cookie) => ({ address: repeated(address, 'code'), cookie })],
  ['an unknown parameter twice', (address, cookie) => ({ address: repeated(repeated(address, 'x'), 'x'), cookie })],
  ['a cookie with one character changed', (address, cookie) => ({ address, cookie: `${cookie.slice(0, -1)}_` })],
  ['a cookie that is no JWE', (address, cookie) => ({ address, cookie: `${cookie.split('=')[0]}=x` })],
];

test('a callback that belongs to no login of this browser gets a page, and nothing happens', async () => {
  await using worlds = await startWorlds(pageCases.map(() => ({})));
  for (const [at, [name, change]] of pageCases.entries()) {
    await inCase(name, async () => {
      const world = worlds[at] as World;
      const started = await start(world);
      const { address, cookie } = change(world.provider.authorize(started.address, world.person), started.cookie);
      const ended = await comeBack(world, address, cookie);
      await assertRefused(world, ended);
    });
  }
});

test('the cookie of the login is cleared whatever comes of it', async () => {
  await using world = await startWorld();
  const started = await start(world);
  const name = started.cookie.split('=')[0] ?? '';
  const address = world.provider.authorize(started.address, world.person);
  const good = await comeBack(world, address, started.cookie);
  const bad = await comeBack(world, address, `${name}=broken`);
  for (const { response } of [good, bad]) {
    const cleared = response.headers.getSetCookie().find((cookie) => cookie.startsWith(`${name}=;`)) ?? '';
    assert.match(cleared, /Max-Age=0/);
    assert.match(cleared, /Secure/);
    assert.match(cleared, /Path=\//);
  }
  assert.deepEqual([good.status, bad.status], [302, 400]);
});

test('the cookie of one organisation, or provider, is no good at another', async () => {
  await using worlds = await startWorlds([{}, {}]);
  const [one, two] = worlds as unknown as [World, World];
  const started = await start(one);
  const address = one.provider.authorize(started.address, one.person);
  address.pathname = `/callback/${two.organization.slug}/vipps`;
  await assertRefused(one, await comeBack(one, address, started.cookie));
  address.pathname = `/callback/${one.organization.slug}/bankid`;
  await assertRefused(one, await comeBack(one, address, started.cookie));
  assert.equal(two.provider.count('/token'), 0);
});

test('a login that took longer than ten minutes, or begins in the future, is over', async () => {
  await using world = await startWorld();
  for (const startedAt of [Date.now() / 1000 - 601, Date.now() / 1000 + 120].map(Math.floor)) {
    const started = await start(world);
    const cookie = await resealed(started.cookie, (transaction) => ({ ...transaction, startedAt }));
    await assertRefused(world, await comeBack(world, world.provider.authorize(started.address, world.person), cookie));
  }
});

test('a cookie sealed with a secret of somebody else is refused, one of an earlier secret of ours is not', async () => {
  const former = `v1:${randomBytes(32).toString('base64url')}`;
  const secrets = `v2:${randomBytes(32).toString('base64url')},${former}`;
  await using world = await startWorld({ environment: { TRANSACTION_SECRETS: secrets } });
  for (const [text, status] of [
    [former, 302] as const,
    [`v1:${randomBytes(32).toString('base64url')}`, 400] as const,
  ]) {
    const started = await start(world);
    const cookie = await resealed(started.cookie, (transaction) => transaction, secrets, text);
    assert.equal(
      (await comeBack(world, world.provider.authorize(started.address, world.person), cookie)).status,
      status,
    );
  }
});

test('a used login cannot be used again, not even from the same browser', async () => {
  await using world = await startWorld();
  const started = await start(world);
  const address = world.provider.authorize(started.address, world.person);
  assert.equal((await comeBack(world, address, started.cookie)).status, 302);
  const again = await comeBack(world, world.provider.authorize(started.address, world.person), started.cookie);
  assert.equal(again.status, 400);
  assert.equal(world.provider.count('/token'), 1);
});

test('a hundred identical callbacks at once make one token request and one observation', async () => {
  await using world = await startWorld();
  const started = await start(world);
  const address = world.provider.authorize(started.address, world.person);
  const all = await Promise.all(Array.from({ length: 100 }, () => comeBack(world, address, started.cookie)));
  const statuses = all.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [302, ...Array<number>(99).fill(400)]);
  assert.equal(all.filter(({ code }) => code !== null).length, 1);
  assert.equal(world.provider.count('/token'), 1);
  assert.equal((await world.observations()).length, 1);
});

test('two tabs log in side by side', async () => {
  await using world = await startWorld();
  const first = await start(world);
  const second = await start(world, { cookie: first.cookie });
  const cookie = `${first.cookie}; ${second.cookie}`;
  for (const { address, appState } of [second, first]) {
    const ended = await comeBack(world, world.provider.authorize(address, world.person), cookie);
    assert.equal(ended.error, null);
    assert.equal(ended.location?.searchParams.get('state'), appState);
  }
});

test('a look at the callback with HEAD uses nothing up', async () => {
  await using world = await startWorld();
  const started = await start(world);
  const address = world.provider.authorize(started.address, world.person);
  const here = new URL(address.pathname + address.search, world.url);
  const head = await fetch(here, { method: 'HEAD', redirect: 'manual', headers: { cookie: started.cookie } });
  assert.equal(head.status, 405);
  assert.equal((await comeBack(world, address, started.cookie)).error, null);
});

test('an address taken back from the organisation during a login gets nothing more', async () => {
  await using world = await startWorld();
  const started = await start(world);
  const cookie = await resealed(started.cookie, (transaction) => ({
    ...transaction,
    app: { ...transaction.app, returnTo: 'https://old.example/' },
  }));
  await assertRefused(world, await comeBack(world, world.provider.authorize(started.address, world.person), cookie));
});

test('a login begun at a former issuer of the row fails without a token request', async () => {
  await using world = await startWorld();
  const started = await start(world);
  const cookie = await resealed(started.cookie, (transaction) => ({ ...transaction, issuer: 'https://old.example/' }));
  const ended = await comeBack(world, world.provider.authorize(started.address, world.person), cookie);
  assert.equal(ended.error, 'login_failed');
  assert.equal(world.provider.count('/token'), 0);
});

test('one person logs in twice and is the same member', async () => {
  await using world = await startWorld();
  assert.equal((await logIn(world)).error, null);
  assert.equal((await logIn(world)).error, null);
  assert.deepEqual(
    (await world.observations()).map(({ outcome, member_id }) => [outcome, member_id]),
    [
      ['filled', world.member.id],
      ['confirmed', world.member.id],
    ],
  );
});

test('a start under the name of an old cookie cannot be mistaken for another login', async () => {
  await using world = await startWorld();
  const [one, two] = [await start(world), await start(world)];
  const swapped = `${one.cookie.split('=')[0]}=${two.cookie.slice(two.cookie.indexOf('=') + 1)}`;
  await assertRefused(world, await comeBack(world, world.provider.authorize(one.address, world.person), swapped));
  assert.equal((await get(startUrl(world, 'long enough', 'v'.repeat(43)))).status, 302);
});

function withParameter(address: URL, name: string, value?: string): URL {
  const changed = new URL(address);
  changed.searchParams.delete(name);
  if (value !== undefined) changed.searchParams.set(name, value);
  return changed;
}

function repeated(address: URL, name: string): URL {
  const changed = new URL(address);
  changed.searchParams.append(name, changed.searchParams.get(name) ?? 'x');
  return changed;
}

/** Opens a cookie as the callback would, changes it and seals it again. */
async function resealed(
  cookie: string,
  change: (transaction: LoginTransaction) => LoginTransaction,
  open = testKeys().environment.TRANSACTION_SECRETS,
  seal = open,
): Promise<string> {
  const [name, value = ''] = cookie.split('=');
  const transaction = await createTransactionSealer(parseSecrets(open).secrets).unseal(value);
  return `${name}=${await createTransactionSealer(parseSecrets(seal).secrets).seal(change(transaction))}`;
}
