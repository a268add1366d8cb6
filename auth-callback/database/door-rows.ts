import type { QueryResultRow } from 'pg';
import type { Decision, Session, SessionOpening } from '../doors.ts';
import type { Observation } from '../login/observation.ts';
import type { ProviderRow } from '../provider/provider-row.ts';

// What goes into the doors and comes out of them, column by column.

/** Records the login and opens its session: `admit` sees the row, because what comes first in a statement has happened. */
export const recordObservationText = `select o.outcome, o.member_id, o.ask_consent, o.told,
  login.admit(o.observation_id, o.member_id, o.ask_consent, $22, $23, $24) as session
from login.record_observation(
  observation_id => $1, organization => $2, provider => $3, issuer => $4, subject => $5, authenticated_at => $6,
  personnummer_index => $7, personnummer_sealed => $8, personnummer_masked => $9, given_name => $10,
  family_name => $11, birth_date => $12, phone => $13, phone_verified => $14, email => $15, email_verified => $16,
  absent_reason => $17, personnummer_index_previous => $18, inconsistency => $19, acr => $20, link_session_id => $21,
  evidence_missing => $25, issued_at => $26) as o`;

export const recordConsentText = `select * from login.record_consent(
  observation_id => $1, given => $2, evidence => $3, personnummer_index => $4, personnummer_sealed => $5,
  personnummer_masked => $6, personnummer_index_previous => $7)`;

export function observationValues(observation: Observation, opening: SessionOpening): unknown[] {
  const { id, organization, provider, issuer, subject, authenticatedAt, issuedAt, acr, evidence, contact } =
    observation;
  const number = evidence.status === 'given' ? evidence : undefined;
  const absent = evidence.status === 'absent' ? evidence : undefined;
  return [
    id,
    organization,
    provider,
    issuer,
    subject,
    authenticatedAt,
    number?.index ?? null,
    number?.sealed ?? null,
    number?.masked ?? null,
    contact.givenName ?? null,
    contact.familyName ?? null,
    contact.birthDate ?? null,
    contact.phone ?? null,
    contact.phoneVerified,
    contact.email ?? null,
    contact.emailVerified,
    absent?.reason ?? null,
    number?.previousIndexes ?? null,
    absent?.inconsistency ?? null,
    acr ?? null,
    observation.linkSessionId ?? null,
    opening.codeHash,
    opening.codeChallenge,
    opening.returnTo,
    observation.evidenceMissing,
    issuedAt ?? null,
  ];
}

export function toDecision(row: QueryResultRow | undefined): Decision {
  return {
    outcome: row?.outcome ?? undefined,
    memberId: row?.member_id ?? null,
    askConsent: row?.ask_consent === true,
    told: row?.told === true,
    session: String(row?.session),
  };
}

export function toSession(row: QueryResultRow | undefined): Session | undefined {
  if (row === undefined) return undefined;
  return {
    sessionId: row.session_id,
    userId: row.user_id,
    memberId: row.member_id,
    organizationId: row.organization_id,
    organization: row.organization,
  };
}

export function toProviderRow(row: QueryResultRow): ProviderRow {
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
    personnummerScope: row.personnummer_scope,
    askNumberWhenMissing: row.ask_number_when_missing === true,
    lookupClientId: row.lookup_client_id,
    lookupClientSecretEnv: row.lookup_client_secret_env,
    lookupAuthMethod: row.lookup_auth_method,
    tokeninfoEndpoint: row.tokeninfo_endpoint,
    retention: row.retention,
    captureBasis: row.capture_basis,
    capture: row.capture === true,
    returnTo: row.return_to ?? [],
  };
}
