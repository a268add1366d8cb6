import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { allSampleCases } from '../../local/sample-data/persons.ts';
import { logIn } from '../../local/scripted-login.ts';
import { createIndexer } from '../../personnummer/blind-index.ts';
import { parsePublicKeys, parseSecrets } from '../../personnummer/keys.ts';
import { createSealer } from '../../personnummer/seal.ts';
import { asPersonnummer } from '../support/samples.ts';
import type { ChaosMember } from './members.ts';
import type { Chance } from './random.ts';
import type { World } from './world.ts';

/** What was promised to somebody. */
export interface Load {
  /** Observations the database has confirmed. */
  readonly acknowledged: Set<string>;
  /** Logins over HTTP that ended with tokens. */
  logins(): number;
  /** Calls that failed until they were given up; the person tries again another day. */
  unanswered(): number;
  /** Numbers taken away again, as a coordinator does who undoes a decision. */
  removals(): number;
  stop(): Promise<void>;
}

const door = `select outcome from login.record_observation(observation_id => $1, organization => $2, provider => 'vipps',
  issuer => $3, subject => $4, authenticated_at => now(), personnummer_index => $5, personnummer_sealed => $6,
  personnummer_masked => $7, given_name => 'Kaos', family_name => 'Kaosdatter', birth_date => $8, phone => $9,
  phone_verified => true, email => $10, email_verified => true)`;

/** Logins through the callback's door and over HTTP, and changes by coordinators, until it is stopped. */
export function startLoad(world: World, chance: Chance): Load {
  const acknowledged = new Set<string>();
  const counts = { logins: 0, unanswered: 0, removals: 0 };
  const stopping = new AbortController();
  const sealer = createSealer(parsePublicKeys(world.keys.PERSONNUMMER_SEALING_KEYS).keys);
  const indexer = createIndexer(parseSecrets(world.keys.PERSONNUMMER_INDEX_SECRETS).secrets);
  const pool = new pg.Pool({
    connectionString: world.urlFor('auth_callback'),
    max: 4,
    connectionTimeoutMillis: 2_000,
    query_timeout: 4_000,
  });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));

  /** As the callback does: the same id again, until there is an answer or no time left. */
  async function recordLogin(member: ChaosMember): Promise<void> {
    const id = randomUUID();
    const number = asPersonnummer(chance.pick(member.numbers));
    const values = [
      ...[id, member.organization, member.issuer, member.subject, indexer.indexes(number, member.organizationId)[0]],
      ...[await sealer.seal(number), number.masked(), member.birthDate, member.phone, member.email],
    ];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      try {
        await pool.query(door, values);
        acknowledged.add(id);
        return;
      } catch {
        await pause(100);
      }
    }
    counts.unanswered += 1;
  }

  async function removeNumber(member: ChaosMember): Promise<void> {
    await world.admin(
      `with changed as (
         update registry.members set personnummer_index = null, personnummer_sealed = null, personnummer_masked = null,
           personnummer_source = null, personnummer_at = null
         where id = $1 and personnummer_index is not null returning id
       ) select private.queue_push(id) from changed`,
      [member.id],
    );
    counts.removals += 1;
  }

  async function walk(): Promise<void> {
    while (!stopping.signal.aborted) {
      const member = chance.pick(world.members);
      await (chance.next() < 0.75 ? recordLogin(member) : removeNumber(member).catch(() => undefined));
      await pause(chance.between(20, 120));
    }
  }

  const persons = allSampleCases.filter(
    ({ person, expected }) => person.provider === 'vipps' && expected !== 'refused',
  );
  async function logInOverHttp(): Promise<void> {
    while (!stopping.signal.aborted) {
      const { id, organization, provider } = chance.pick(persons).person;
      const login = {
        callbackUrl: world.callbackUrl,
        organization,
        provider,
        returnTo: 'http://127.0.0.1:9/return',
        person: id,
      };
      try {
        if ((await logIn(login)).status === 'logged_in') counts.logins += 1;
      } catch {
        counts.unanswered += 1;
      }
      await pause(chance.between(50, 300));
    }
  }

  const loops = [walk(), walk(), walk(), walk(), logInOverHttp()];
  return {
    acknowledged,
    logins: () => counts.logins,
    unanswered: () => counts.unanswered,
    removals: () => counts.removals,
    async stop() {
      stopping.abort();
      await Promise.all(loops);
      await pool.end();
    },
  };
}
