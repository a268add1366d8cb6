import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { findFreePort } from '../../local/free-port.ts';
import { createKeys, type LocalKeys } from '../../local/keys.ts';
import { configureSamples, sampleConfiguration } from '../../local/sample-data/configuration.ts';
import { seed } from '../../local/sample-data/seed.ts';
import { withClient } from '../../local/stack/database.ts';
import { issuersAt, localUrl } from '../../local/stack/programs.ts';
import { createSecrets } from '../../local/stack/secrets.ts';
import type { KeptProgram } from './kept-program.ts';
import { type MemberSystems, startMemberSystems } from './member-systems.ts';
import { addMembers, type ChaosMember } from './members.ts';
import type { Entrance } from './proxy.ts';
import type { Chance } from './random.ts';
import type { DatabaseServer, Server } from './server.ts';
import { type ChaosDatabase, type DatabaseOptions, startDatabase } from './world/database.ts';
import { asStackDatabase, startPrograms } from './world/programs.ts';

export interface WorldOptions<Kind extends DatabaseServer> extends Omit<DatabaseOptions<Kind>, 'folder'> {
  readonly chance: Chance;
  /** For the programs' logs, which stay. */
  readonly logs: string;
  /** How many callbacks there are; one where nothing is said. */
  readonly callbacks?: number;
  /** Who is added besides the samples; eighty members of each organisation where nothing is said. */
  addMembers?(client: pg.ClientBase, keys: LocalKeys): Promise<ChaosMember[]>;
}

/** The whole system, with member systems that misbehave. */
export interface World<Kind extends DatabaseServer = Server> extends ChaosDatabase<Kind> {
  readonly memberSystems: MemberSystems;
  readonly members: readonly ChaosMember[];
  readonly keys: LocalKeys;
  readonly callbacks: readonly KeptProgram[];
  /** The address of the callbacks, which leads to their ports in turn. */
  readonly callbackEntrance: Entrance;
  readonly callbackPorts: readonly number[];
  readonly workers: readonly KeptProgram[];
  readonly callbackUrl: string;
  readonly logs: string;
  /** For data; deleted in the end. */
  readonly folder: string;
}

/** Whatever kind of database it has. */
export type AnyWorld = World<DatabaseServer>;

const returnTo = 'http://127.0.0.1:9/return';

/** Starts everything. @param parts what is started is added here, for the caller to end */
export async function createWorld<Kind extends DatabaseServer>(
  options: WorldOptions<Kind>,
  parts: AsyncDisposableStack,
): Promise<World<Kind>> {
  const { chance, logs, pooled } = options;
  mkdirSync(logs, { recursive: true });
  const folder = makeFolder(parts);
  const database = await startDatabase({ ...options, folder }, parts);
  const { admin, ownerUrl } = database;
  const cutWorkers = () =>
    void admin(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'sync_worker'`).catch(() => []);
  const memberSystems = await startMemberSystems(chance, cutWorkers);
  parts.use(memberSystems);

  const ports = await choosePorts();
  const keys = createKeys();
  const issuers = issuersAt(ports);
  // No invoices are added there, so nobody asks at this address.
  const invoiceServiceUrl = localUrl(ports.invoiceService);
  const surroundings = {
    issuers,
    memberSystemUrl: memberSystems.url,
    invoiceServiceUrl,
    returnTo,
    deskReturnTo: returnTo,
  };
  await configureSamples(ownerUrl, sampleConfiguration(surroundings));
  await withClient(ownerUrl, (client) => seed(client, { keys, issuers }));
  await admin(`update sync.member_systems set timeout_ms = 1000, concurrency = 6`);
  const members = await withClient(ownerUrl, (client) =>
    options.addMembers === undefined ? addMembers(client, 80) : options.addMembers(client, keys),
  );

  const callbackUrl = localUrl(ports.callback);
  const secrets = createSecrets(callbackUrl);
  const programs = await startPrograms(
    { ports, keys, secrets, database: asStackDatabase(database), logs, pooled, callbacks: options.callbacks ?? 1 },
    parts,
  );
  return Object.assign(database, { memberSystems, members, keys, ...programs, callbackUrl, logs, folder });
}

/** A folder that is deleted in the end. */
function makeFolder(parts: AsyncDisposableStack): string {
  const folder = mkdtempSync(join(os.tmpdir(), 'personnummer-sync-chaos-'));
  // The servers' own accounts must be able to enter.
  chmodSync(folder, 0o711);
  parts.defer(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function choosePorts() {
  const names = [
    'callback',
    'postgrest',
    'vipps',
    'memberSystem',
    'workerHealth',
    'bankid',
    'idporten',
    'staff',
    'invoiceService',
  ] as const;
  const free = await Promise.all(names.map(async (name) => [name, await findFreePort()] as const));
  return { ...(Object.fromEntries(free) as Record<(typeof names)[number], number>), app: 0, postgres: 0, desk: 0 };
}
