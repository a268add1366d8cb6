import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecret, publicKeySet } from '../../key-tools/new-keys.ts';
import { createKeys } from '../keys.ts';

// `npx node local/compose/create-env.ts > .env`: the example with fresh keys and passwords in it.

const keys = createKeys('login.example.org/audit');
const password = () => randomBytes(24).toString('base64url');
const values: Record<string, string> = {
  POSTGRES_PASSWORD: password(),
  AUTH_CALLBACK_PASSWORD: password(),
  SYNC_WORKER_PASSWORD: password(),
  MEMBER_IMPORTER_PASSWORD: password(),
  AUTHENTICATOR_PASSWORD: password(),
  AUDITOR_LOGIN_PASSWORD: password(),
  REPLICATION_PASSWORD: password(),
  REWIND_PASSWORD: password(),
  PATRONI_RESTAPI_PASSWORD: password(),
  METRICS_TOKEN: password(),
  DESK_COOKIE_KEY: createSecret(),
  ...keys,
  ACCESS_TOKEN_PUBLIC_KEYS: publicKeySet(keys.ACCESS_TOKEN_KEYS),
};

const example = readFileSync(join(import.meta.dirname, '..', '..', '.env.example'), 'utf8');
const filled = example.replaceAll(/^([A-Z_]+)=$/gm, (line, name: string) => {
  const value = values[name];
  // Single quotes: the key sets are JSON.
  return value === undefined ? line : `${name}='${value}'`;
});
process.stdout.write(filled);
