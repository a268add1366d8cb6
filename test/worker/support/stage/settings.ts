import { parseSigners, type Signer } from '../../../../audit-seal/note.ts';
import type { WorkerConfig } from '../../../../worker/config.ts';
import type { TestDatabase } from '../../../support/database.ts';
import { testKeys } from '../../../support/keys.ts';
import { current, indexSecrets, token } from './keys.ts';

/** What a worker on this database is started with. */
export function settingsFor(db: TestDatabase) {
  const config: WorkerConfig = {
    deployment: 'local',
    databaseUrl: db.urlFor('sync_worker'),
    unsealingKeys: [current.privateKey],
    indexSecrets,
    memberSystemSecrets: new Map([['MEMBER_SYSTEM_NHF_TOKEN', token]]),
    invoiceSecrets: new Map([['INVOICE_NHF_SECRET', token]]),
    sealing: {
      signers: parseSigners(testKeys().environment.AUDIT_SEALING_KEY).signers as [Signer, ...Signer[]],
      checkpointFile: null,
    },
    concurrency: 4,
    preparedStatements: true,
    health: null,
    erasureLedger: null,
    logLevel: 'debug',
    tracing: null,
  };
  /** The same for a worker in a process of its own. */
  const environment = {
    DEPLOYMENT: 'local',
    DATABASE_URL: db.urlFor('sync_worker'),
    PERSONNUMMER_UNSEALING_KEYS: JSON.stringify({ keys: [current.privateKey] }),
    PERSONNUMMER_INDEX_SECRETS: indexSecrets
      .map(({ version, secret }) => `${version}:${Buffer.from(secret).toString('base64url')}`)
      .join(),
    AUDIT_SEALING_KEY: testKeys().environment.AUDIT_SEALING_KEY,
    MEMBER_SYSTEM_NHF_TOKEN: token,
    INVOICE_NHF_SECRET: token,
  };
  return { config, environment };
}
