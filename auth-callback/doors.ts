import type { Pool } from 'pg';
import type { GivenNumber } from './claims/number-evidence.ts';
import {
  observationValues,
  recordConsentText,
  recordObservationText,
  toDecision,
  toProviderRow,
  toSession,
} from './database/door-rows.ts';
import { createStatements } from './database/statements.ts';
import type { Observation } from './login/observation.ts';
import type { ProviderRow } from './provider/provider-row.ts';

/** What the database decided about an observation. */
export interface Decision {
  /** Undefined: nothing was decided or kept, because the evidence that is missing could have named the member. */
  outcome: string | undefined;
  memberId: string | null;
  askConsent: boolean;
  /** Of a refused login: whether the app may hear that a member is concerned. */
  told: boolean;
  /** `opened`, `refused`, `not_now`, or the SQLSTATE of what kept the session from being opened along with it. */
  session: string;
}

/** A session of a member, as the database opened or renewed it. */
export interface Session {
  sessionId: string;
  userId: string;
  memberId: string;
  organizationId: string;
  organization: string;
}

/** A member's answer to the question whether the number may be stored. */
export interface ConsentAnswer {
  observationId: string;
  given: boolean;
  /** Who asked, and in which words; never a number. */
  evidence: Record<string, string>;
  number: GivenNumber | undefined;
}

/** A provider's unverified word that somebody withdrew consent. */
export interface Revocation {
  organization: string;
  provider: string;
  subject: string;
  event: string;
  issuedAt: Date;
  /** Came outside the time it was good for. */
  late: boolean;
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
  /**
   * Decides, and opens the session of whoever is let in, in one call. The same observation id, and code, again: same
   * answer, nothing changes. A session that cannot be opened costs nothing of the rest.
   */
  recordObservation(observation: Observation, opening: SessionOpening, timeoutMs: number): Promise<Decision>;
  /** A second answer changes nothing. */
  recordConsent(answer: ConsentAnswer, timeoutMs: number): Promise<{ outcome: string; memberId: string | null }>;
  /** A second leg contradicted the first: a case, and nothing else. */
  reportInconsistency(
    observationId: string,
    inconsistency: 'numbers_differ' | 'subject_differs',
    timeoutMs: number,
  ): Promise<void>;
  /** The same for known and unknown subjects; the same notice again changes nothing. */
  recordRevocation(revocation: Revocation, timeoutMs: number): Promise<void>;
  /** Whether the session's member is logged in. */
  sessionIsLive(sessionId: string, organization: string, timeoutMs: number): Promise<boolean>;
  /** False when that observation gives no login. */
  openSession(opening: SessionOpening, timeoutMs: number): Promise<boolean>;
  /**
   * Undefined when the code, or its challenge, is not good. A code used twice ends its session; the same call again is
   * answered the same. A login that is to be linked is decided here: `refused` when it was not linked, which is a case.
   *
   * @param askingSessionId whose access token came along; the code of a linking login is good for the session that asked only
   */
  redeemCode(
    codeHash: Buffer,
    codeChallenge: string,
    refreshTokenHash: Buffer,
    askingSessionId: string | undefined,
    timeoutMs: number,
  ): Promise<Session | 'refused' | undefined>;
  /**
   * Undefined when the token is not good. The token before the current one is answered for a minute, with the salt of its
   * first use; an older one ends its family.
   */
  rotateRefreshToken(
    oldHash: Buffer,
    next: { salt: Buffer; hash: Buffer },
    timeoutMs: number,
  ): Promise<(Session & { salt: Buffer }) | undefined>;
}

/** @param pool connections of the role `auth_callback` */
export function createDoors(pool: Pool): Doors {
  const rows = createStatements(pool);
  return {
    async providers(timeoutMs) {
      return (await rows('select * from login.providers()', [], timeoutMs)).map(toProviderRow);
    },
    async consumeTransaction(transactionId, expiresAt, timeoutMs) {
      const text = 'select login.consume_transaction(transaction_id => $1, expires_at => $2) as fresh';
      return (await rows(text, [transactionId, expiresAt], timeoutMs))[0]?.fresh === true;
    },
    async recordObservation(observation, opening, timeoutMs) {
      return toDecision((await rows(recordObservationText, observationValues(observation, opening), timeoutMs))[0]);
    },
    async recordConsent({ observationId, given, evidence, number }, timeoutMs) {
      const values = [number?.index ?? null, number?.sealed ?? null, number?.masked ?? null];
      const previous = number?.previousIndexes ?? null;
      const all = [observationId, given, JSON.stringify(evidence), ...values, previous];
      const [row] = await rows(recordConsentText, all, timeoutMs);
      return { outcome: String(row?.outcome), memberId: row?.member_id ?? null };
    },
    async reportInconsistency(observationId, inconsistency, timeoutMs) {
      const text = 'select login.report_inconsistency(observation_id => $1, inconsistency => $2)';
      await rows(text, [observationId, inconsistency], timeoutMs);
    },
    async recordRevocation({ organization, provider, subject, event, issuedAt, late }, timeoutMs) {
      const text = `select login.record_revocation(organization => $1, provider => $2, subject => $3, event => $4,
        issued_at => $5, late => $6)`;
      await rows(text, [organization, provider, subject, event, issuedAt, late], timeoutMs);
    },
    async sessionIsLive(sessionId, organization, timeoutMs) {
      const text = 'select login.session_is_live(session_id => $1, organization => $2) as live';
      return (await rows(text, [sessionId, organization], timeoutMs))[0]?.live === true;
    },
    async openSession({ observationId, codeHash, codeChallenge, returnTo }, timeoutMs) {
      const text = `select login.open_session(observation_id => $1, code_hash => $2, code_challenge => $3,
        return_to => $4) as opened`;
      return (await rows(text, [observationId, codeHash, codeChallenge, returnTo], timeoutMs))[0]?.opened === true;
    },
    async redeemCode(codeHash, codeChallenge, refreshTokenHash, askingSessionId, timeoutMs) {
      const text = `select * from login.redeem_code(code_hash => $1, code_challenge => $2, refresh_token_hash => $3,
        link_session_id => $4)`;
      const values = [codeHash, codeChallenge, refreshTokenHash, askingSessionId ?? null];
      const [row] = await rows(text, values, timeoutMs);
      return row?.refused === true ? 'refused' : toSession(row);
    },
    async rotateRefreshToken(oldHash, next, timeoutMs) {
      const text = `select * from login.rotate_refresh_token(refresh_token_hash => $1, new_salt => $2,
        new_refresh_token_hash => $3)`;
      const [row] = await rows(text, [oldHash, next.salt, next.hash], timeoutMs);
      const session = toSession(row);
      return session && { ...session, salt: row?.salt };
    },
  };
}
