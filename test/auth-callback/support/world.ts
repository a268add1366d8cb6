import type { AddressInfo } from 'node:net';
import { createCallback } from '../../../auth-callback/callback.ts';
import { readCallbackConfig } from '../../../auth-callback/config.ts';
import { listen } from '../../../runtime/http/listen.ts';
import { closeServer } from '../../../runtime/http/server.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { createPool } from '../../../runtime/pg-pool.ts';
import { openTracing } from '../../../runtime/tracing/open-tracing.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  addMember,
  addOrganization,
  addProvider,
  type Member,
  type Organization,
  testKeys,
} from '../../support/samples.ts';
import { type DatabaseProxy, startDatabaseProxy } from './database-proxy.ts';
import { type Person, startProvider, type TestProvider } from './provider.ts';

/** A provider, a database with one organisation and one member, and the callback, as in a local deployment. */
export type World = AsyncDisposable & {
  url: string;
  provider: TestProvider;
  /** What the provider is called in the organisation's row: `vipps` unless the row says otherwise. */
  providerName: string;
  /** Those of `more`, in their order. */
  more: TestProvider[];
  db: TestDatabase;
  organization: Organization;
  member: Member;
  /** The member's login at the provider. */
  person: Person;
  /** Every line the callback logged. */
  logLines: string[];
  /** Numbers of rows in the database. */
  observations(): Promise<Record<string, unknown>[]>;
};

export type WorldOptions = {
  environment?: Record<string, string>;
  organization?: Record<string, unknown>;
  providerRow?: Record<string, unknown>;
  /** Rows of further providers of the same organisation, each with a provider of its own. */
  more?: Record<string, unknown>[];
  /** Before the callback first asks it anything. */
  prepare?: (provider: TestProvider) => void | Promise<void>;
  member?: Record<string, unknown>;
};

/** Not where the server listens: nothing of ours is derived from the address a request was sent to. */
export const publicUrl = 'http://login.localhost';
export const returnTo = 'https://app.example/return';
/** In no member record until a login brings it. */
export const number = '08837220093';

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const worlds = await startWorlds([options], options.environment);
  return Object.assign(worlds[0] as World, { [Symbol.asyncDispose]: () => worlds[Symbol.asyncDispose]() });
}

/** The same, with connections of the callback's own that go through a proxy, for what networks do to them. */
export async function startProxiedWorld(options: WorldOptions = {}): Promise<World & { proxy: DatabaseProxy }> {
  const parts = new AsyncDisposableStack();
  const db = parts.use(await createTestDatabase());
  const proxy = parts.use(await startDatabaseProxy(db.urlFor('auth_callback')));
  const [world] = await furnishAll({ db, databaseUrl: proxy.url, parts }, [options], options.environment);
  return Object.assign(world as World, { proxy, [Symbol.asyncDispose]: () => parts.disposeAsync() });
}

/**
 * Several organisations, each with a provider of its own, in one database behind one callback: for tables of cases. All
 * are there before the callback first reads its providers.
 */
export async function startWorlds(
  places: WorldOptions[],
  settings: Record<string, string> = {},
): Promise<World[] & AsyncDisposable> {
  const parts = new AsyncDisposableStack();
  const db = parts.use(await createTestDatabase());
  const worlds = await furnishAll({ db, parts }, places, settings);
  return Object.assign(worlds, { [Symbol.asyncDispose]: () => parts.disposeAsync() });
}

type Ground = { db: TestDatabase; databaseUrl?: string; parts: AsyncDisposableStack };

async function furnishAll(
  { db, databaseUrl, parts }: Ground,
  places: WorldOptions[],
  settings: Record<string, string> = {},
): Promise<World[]> {
  const furnished = await Promise.all(places.map((place) => furnish(db, place)));
  for (const { provider, more } of furnished) for (const each of [provider, ...more]) parts.use(each);
  const { url, logLines } = parts.use(await startCallback(db, settings, databaseUrl));
  return furnished.map((place) => ({
    url,
    db,
    logLines,
    person: samplePerson(),
    ...place,
    observations: async () => {
      const text = 'select * from registry.observations where organization_id = $1 order by received_at';
      return (await db.pool.query(text, [place.organization.id])).rows;
    },
    [Symbol.asyncDispose]: async () => undefined,
  }));
}

/**
 * The callback in this process, on a free port, or on that of `settings`.
 *
 * @param databaseUrl by default it uses the connections that the database keeps from test to test: a session, with all functions compiled
 *   anew, takes longer than a login
 */
export async function startCallback(db: TestDatabase, settings: Record<string, string> = {}, databaseUrl?: string) {
  const parts = new AsyncDisposableStack();
  const logLines: string[] = [];
  const url = databaseUrl ?? db.urlFor('auth_callback');
  const config = readCallbackConfig({ PORT: '0', ...environment(url), ...settings });
  const destination = { write: (line: string) => void logLines.push(line) };
  const log = createLogger({ name: 'auth-callback', level: 'debug', destination });
  const ownPool = () => createPool({ connectionString: url, max: 10, applicationName: 'auth-callback', log });
  const pool = databaseUrl === undefined ? db.poolFor('auth_callback') : ownPool();
  if (databaseUrl !== undefined) parts.defer(() => pool.end());
  const tracing = await openTracing(config.tracing, 'auth-callback', log);
  parts.defer(() => tracing.stop());
  const { server } = await createCallback(config, pool, log, tracing);
  await listen(server, '127.0.0.1', config.port);
  parts.defer(() => closeServer(server, 0));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: address, logLines, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

async function furnish(db: TestDatabase, options: WorldOptions) {
  const provider = await startProvider();
  await options.prepare?.(provider);
  const organization = await addOrganization(db, { return_to: [returnTo], ...options.organization });
  await addProvider(db, organization, { issuer: provider.issuer, ...options.providerRow });
  const more: TestProvider[] = [];
  for (const row of options.more ?? []) {
    const next = await startProvider();
    await options.prepare?.(next);
    await addProvider(db, organization, { issuer: next.issuer, ...row });
    more.push(next);
  }
  const providerName = String(options.providerRow?.provider ?? 'vipps');
  const contact = { given_name: 'Kari', family_name: 'Nordmann', phone: '+4791234567', email: 'kari@example.no' };
  const member = await addMember(db, organization, { ...contact, birth_date: '1972-03-08', ...options.member });
  return { provider, providerName, more, organization, member };
}

/** What Vipps says of the member: the phone number without plus, everything in userinfo. */
export function samplePerson(userinfo: Record<string, unknown> = {}): Person {
  return {
    sub: 'c06c4afe-d9e1-4c5d-939a-177d752a0944',
    userinfo: {
      given_name: 'Kari',
      family_name: 'Nordmann',
      phone_number: '4791234567',
      email: 'Kari@example.no',
      email_verified: true,
      birthdate: '1972-03-08',
      nin: number,
      ...userinfo,
    },
  };
}

export function environment(databaseUrl: string): Record<string, string> {
  const { PERSONNUMMER_UNSEALING_KEYS: _, AUDIT_SEALING_KEY: __, ...keys } = testKeys().environment;
  return {
    DEPLOYMENT: 'local',
    DATABASE_URL: databaseUrl,
    PUBLIC_URL: publicUrl,
    ...keys,
    OIDC_TEST_CLIENT_SECRET: 'secret of the test client',
    RATE_STARTS: '100000',
    RATE_CALLBACKS: '100000',
    RATE_TOKENS: '100000',
    RATE_WEBHOOKS: '100000',
    MAX_CONCURRENT_PER_ADDRESS: '100000',
  };
}
