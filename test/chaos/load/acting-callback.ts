import { randomUUID } from 'node:crypto';
import { DatabaseBudget } from '../../../auth-callback/database/database-budget.ts';
import { createStatements, repeatOnce } from '../../../auth-callback/database/statements.ts';
import { createIndexer } from '../../../personnummer/blind-index.ts';
import { parsePublicKeys, parseSecrets } from '../../../personnummer/keys.ts';
import { createSealer } from '../../../personnummer/seal.ts';
import { describeError } from '../../../runtime/describe-error.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { createPool } from '../../../runtime/pg-pool.ts';
import { asPersonnummer } from '../../support/samples.ts';
import type { ChaosMember } from '../members.ts';
import type { AnyWorld } from '../world.ts';

const STATEMENT = `select outcome from login.record_observation(observation_id => $1, organization => $2, provider => 'vipps',
  issuer => $3, subject => $4, authenticated_at => now(), personnummer_index => $5, personnummer_sealed => $6,
  personnummer_masked => $7, given_name => 'Kaos', family_name => 'Kaosdatter', birth_date => $8, phone => $9,
  phone_verified => true, email => $10, email_verified => true, personnummer_index_previous => $11)`;

/** The observation's id when the database has confirmed it, or why it was given up: a SQLSTATE, or the driver's words where it has no code. */
export type Recorded = { readonly id: string } | { readonly gaveUp: string };

/** Of one callback, where `DATABASE_POOL_SIZE` says nothing else. */
const CONNECTIONS = 10;

/** What the callback may do in the database. */
interface ActingCallback {
  /** Records a login. */
  record(member: ChaosMember, number: string): Promise<Recorded>;
  /** As a program that was restarted: seals and indexes with the keys that the world has now. */
  takeUpKeys(): void;
  close(): Promise<void>;
}

/** As many connections as the world's callbacks have, and the callback's own code for what it waits for and for how long. */
export function actAsCallback(world: AnyWorld): ActingCallback {
  const readKeys = () => ({
    sealer: createSealer(parsePublicKeys(world.keys.PERSONNUMMER_SEALING_KEYS).keys),
    indexer: createIndexer(parseSecrets(world.keys.PERSONNUMMER_INDEX_SECRETS).secrets),
  });
  let keys = readKeys();
  const pool = createPool({
    connectionString: world.urlFor('auth_callback'),
    max: CONNECTIONS * world.callbacks.length,
    applicationName: 'acting-callback',
    log: createLogger({ name: 'acting-callback', level: 'silent' }),
  });
  const statement = createStatements(pool);

  return {
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
      const budget = new DatabaseBudget();
      try {
        await repeatOnce(() => budget.spend((timeoutMs) => statement(STATEMENT, values, timeoutMs)));
        return { id };
      } catch (error) {
        return { gaveUp: reasonOf(error) };
      }
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
