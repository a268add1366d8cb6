import { parseVerifierKey, type Verifier } from '../audit-seal/note.ts';
import { readEnvironment } from '../runtime/environment.ts';

/** What `npm run audit:verify` and `npm run audit:witness` take from their environment. */
export interface AuditToolsConfig {
  /** Undefined: `audit:witness`, which needs none. */
  readonly databaseUrl: string | undefined;
  /** Public keys that somebody got from the organisation, and not from the database. */
  readonly verifiers: readonly Verifier[];
  /** The file of the worker, when it is at hand. */
  readonly checkpointFile: string | undefined;
}

type Environment = Record<string, string | undefined>;

/** @throws ConfigurationError naming every fault at once */
export function readAuditToolsConfig(
  variables: Environment,
  needs: { readonly database: boolean; readonly keys: boolean },
): AuditToolsConfig {
  const environment = readEnvironment(variables);
  const keys = environment
    .optional('AUDIT_VERIFIER_KEYS', '')
    .split(/\s+/)
    .filter((text) => text !== '');
  const verifiers = keys.map(parseVerifierKey).filter((verifier) => verifier !== undefined);
  if (verifiers.length < keys.length)
    environment.fault('AUDIT_VERIFIER_KEYS', 'holds a text that is no verifier key, such as NAME+8 hex digits+base64');
  if (needs.keys && keys.length === 0)
    environment.fault(
      'AUDIT_VERIFIER_KEYS',
      'is missing: the public key that npm run keys:create -- audit NAME printed',
    );
  const config: AuditToolsConfig = {
    databaseUrl: needs.database ? environment.databaseUrl('DATABASE_URL') : undefined,
    verifiers,
    checkpointFile: environment.optional('AUDIT_CHECKPOINT_FILE'),
  };
  environment.finish();
  return config;
}
