import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { createIndexer } from '../../../personnummer/blind-index.ts';
import { parsePublicKeys, parseSecrets } from '../../../personnummer/keys.ts';
import { createSealer } from '../../../personnummer/seal.ts';
import { describeError } from '../../../runtime/describe-error.ts';
import { asPersonnummer } from '../../support/samples.ts';
import type { ChaosMember } from '../members.ts';
import type { AnyWorld } from '../world.ts';

const STATEMENT = `select outcome from login.record_observation(observation_id => $1, organization => $2, provider => 'vipps',
  issuer => $3, subject => $4, authenticated_at => now(), personnummer_index => $5, personnummer_sealed => $6,
  personnummer_masked => $7, given_name => 'Kaos', family_name => 'Kaosdatter', birth_date => $8, phone => $9,
  phone_verified => true, email => $10, email_verified => true, personnummer_index_previous => $11)`;

/** The observation's id when the database has confirmed it, or why it was given up: a SQLSTATE, or the driver's words where it has no code. */
export type Recorded = { readonly id: string } | { readonly gaveUp: string };

/** What the callback may do in the database. */
interface ActingCallback {
  /** Records a login. */
  record(member: ChaosMember, number: string): Promise<Recorded>;
  /** As a program that was restarted: seals and indexes with the keys that the world has now. */
  takeUpKeys(): void;
  close(): Promise<void>;
}

export function actAsCallback(world: AnyWorld): ActingCallback {
  const readKeys = () => ({
    sealer: createSealer(parsePublicKeys(world.keys.PERSONNUMMER_SEALING_KEYS).keys),
    indexer: createIndexer(parseSecrets(world.keys.PERSONNUMMER_INDEX_SECRETS).secrets),
  });
  let keys = readKeys();
  const pool = new pg.Pool({
    connectionString: world.urlFor('auth_callback'),
    max: 4,
    connectionTimeoutMillis: 2_000,
    query_timeout: 4_000,
  });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));

  return {
    /** As the callback does: the same id again, until there is an answer or no time left. */
    async record(member, brought) {
      const id = randomUUID();
      const number = asPersonnummer(brought);
      const [index, ...previous] = keys.indexer.indexes(number, member.organizationId);
      const values = [
        id,
        member.organization,
        member.issuer,
        member.subject,
        index,
        await keys.sealer.seal(number),
        number.masked(),
        member.birthDate,
        member.phone,
        member.email,
        previous,
      ];
      let gaveUp = '';
      for (let attempt = 0; attempt < 3; attempt += 1) {
        try {
          await pool.query(STATEMENT, values);
          return { id };
        } catch (error) {
          gaveUp = reasonOf(error);
          await pause(100);
        }
      }
      return { gaveUp };
    },
    takeUpKeys() {
      keys = readKeys();
    },
    close: () => pool.end(),
  };
}

/** Without values: messages of the database, which quote them, are left out where an error has a code. */
export function reasonOf(error: unknown): string {
  const { code, message, name } = describeError(error);
  return code ?? message ?? name;
}
