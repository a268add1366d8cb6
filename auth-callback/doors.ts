import type { Pool, QueryConfig, QueryResultRow } from 'pg';
import type { Observation } from './observation.ts';
import type { ProviderRow } from './provider-row.ts';

/** What the database decided about an observation. */
export interface Decision {
  outcome: string;
  memberId: string | null;
  askConsent: boolean;
}

/** A session of a member, as the database opened or renewed it. */
export interface Session {
  sessionId: string;
  userId: string;
  memberId: string;
  organizationId: string;
  organization: string;
}

export interface SessionOpening {
  observationId: string;
  codeHash: Buffer;
  codeChallenge: string;
  returnTo: string;
}

/**
 * The database as the callback sees it: the functions of schema `login`, and nothing else. Values travel as bind
 * parameters only. Every call takes the milliseconds it may last.
 */
export interface Doors {
  providers(timeoutMs: number): Promise<ProviderRow[]>;
  /** True exactly once for an id. */
  consumeTransaction(transactionId: string, expiresAt: Date, timeoutMs: number): Promise<boolean>;
  /** The same observation id again: same answer, nothing changes. */
  recordObservation(observation: Observation, timeoutMs: number): Promise<Decision>;
  /** False when that observation gives no login. */
  openSession(opening: SessionOpening, timeoutMs: number): Promise<boolean>;
  /** Undefined when the code, or its challenge, is not good. A code used twice ends its session. */
  redeemCode(
    codeHash: Buffer,
    codeChallenge: string,
    refreshTokenHash: Buffer,
    timeoutMs: number,
  ): Promise<Session | undefined>;
  /** Undefined when the token is not good. A token used twice ends its family. */
  rotateRefreshToken(oldHash: Buffer, newHash: Buffer, timeoutMs: number): Promise<Session | undefined>;
}

/** @param pool connections of the role `auth_callback` */
export function createDoors(pool: Pool): Doors {
  async function rows(text: string, values: unknown[], timeoutMs: number): Promise<QueryResultRow[]> {
    const query: QueryConfig & { query_timeout: number } = { text, values, query_timeout: timeoutMs };
    return (await pool.query(query)).rows;
  }
  return {
    async providers(timeoutMs) {
      return (await rows('select * from login.providers()', [], timeoutMs)).map(toProviderRow);
    },
    async consumeTransaction(transactionId, expiresAt, timeoutMs) {
      const text = 'select login.consume_transaction(transaction_id => $1, expires_at => $2) as fresh';
      return (await rows(text, [transactionId, expiresAt], timeoutMs))[0]?.fresh === true;
    },
    async recordObservation(observation, timeoutMs) {
      const [row] = await rows(recordObservationText, observationValues(observation), timeoutMs);
      return { outcome: String(row?.outcome), memberId: row?.member_id ?? null, askConsent: row?.ask_consent === true };
    },
    async openSession({ observationId, codeHash, codeChallenge, returnTo }, timeoutMs) {
      const text = `select login.open_session(observation_id => $1, code_hash => $2, code_challenge => $3,
        return_to => $4) as opened`;
      return (await rows(text, [observationId, codeHash, codeChallenge, returnTo], timeoutMs))[0]?.opened === true;
    },
    async redeemCode(codeHash, codeChallenge, refreshTokenHash, timeoutMs) {
      const text = 'select * from login.redeem_code(code_hash => $1, code_challenge => $2, refresh_token_hash => $3)';
      return toSession((await rows(text, [codeHash, codeChallenge, refreshTokenHash], timeoutMs))[0]);
    },
    async rotateRefreshToken(oldHash, newHash, timeoutMs) {
      const text = 'select * from login.rotate_refresh_token(refresh_token_hash => $1, new_refresh_token_hash => $2)';
      return toSession((await rows(text, [oldHash, newHash], timeoutMs))[0]);
    },
  };
}

const recordObservationText = `select * from login.record_observation(
  observation_id => $1, organization => $2, provider => $3, issuer => $4, subject => $5, authenticated_at => $6,
  personnummer_index => $7, personnummer_sealed => $8, personnummer_masked => $9, given_name => $10,
  family_name => $11, birth_date => $12, phone => $13, phone_verified => $14, email => $15, email_verified => $16,
  absent_reason => $17, personnummer_index_previous => $18, inconsistency => $19, acr => $20)`;

function observationValues(observation: Observation): unknown[] {
  const { id, organization, provider, issuer, subject, authenticatedAt, acr, evidence, contact } = observation;
  const number = evidence.status === 'given' ? evidence : undefined;
  const absent = evidence.status === 'absent' ? evidence : undefined;
  return [
    ...[id, organization, provider, issuer, subject, authenticatedAt],
    ...[number?.index ?? null, number?.sealed ?? null, number?.masked ?? null],
    ...[contact.givenName ?? null, contact.familyName ?? null, contact.birthDate ?? null],
    ...[contact.phone ?? null, contact.phoneVerified, contact.email ?? null, contact.emailVerified],
    ...[absent?.reason ?? null, number?.previousIndexes ?? null, absent?.inconsistency ?? null, acr ?? null],
  ];
}

function toSession(row: QueryResultRow | undefined): Session | undefined {
  if (row === undefined) return undefined;
  return {
    sessionId: row.session_id,
    userId: row.user_id,
    memberId: row.member_id,
    organizationId: row.organization_id,
    organization: row.organization,
  };
}

function toProviderRow(row: QueryResultRow): ProviderRow {
  return {
    organizationId: row.organization_id,
    organization: row.organization,
    organizationName: row.organization_name,
    provider: row.provider,
    issuer: row.issuer,
    clientId: row.client_id,
    clientSecretEnv: row.client_secret_env,
    tokenEndpointAuthMethod: row.token_endpoint_auth_method,
    scopes: row.scopes ?? [],
    authorizationParams: row.authorization_params ?? {},
    idTokenSignedResponseAlg: row.id_token_signed_response_alg,
    personnummerFrom: row.personnummer_from,
    personnummerClaim: row.personnummer_claim,
    consentMode: row.consent_mode,
    consentScope: row.consent_scope,
    minimumAcr: row.minimum_acr,
    capture: row.capture === true,
    returnTo: row.return_to ?? [],
  };
}
