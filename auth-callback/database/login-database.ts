import { hash } from 'node:crypto';
import type { Pool, QueryResultRow } from 'pg';
import { z } from 'zod';
import type { Hash, Subtree } from '../../audit-seal/tree.ts';
import type { ContactClaims } from '../claims/contact-claims.ts';
import type { GivenNumber, NumberEvidence } from '../claims/number-evidence.ts';
import type { AppRequest } from '../login/app-request.ts';
import { type ProviderRow, providerRow } from '../provider/provider-row.ts';
import type { DatabaseBudget } from './database-budget.ts';
import { createStatements, isWorthRepeating, repeatOnce } from './statements.ts';

/** One completed login, as it is handed to the database: verified facts, and nothing of the number in clear. */
export interface Observation {
  /** The id of the login's transaction, so that a repeated call changes nothing. */
  id: string;
  organization: string;
  provider: string;
  issuer: string;
  subject: string;
  authenticatedAt: Date;
  /** By the provider's clock. */
  issuedAt: Date | undefined;
  acr: string | undefined;
  /** The session of the member who asked for this login to be linked. */
  linkSessionId: string | undefined;
  evidence: NumberEvidence;
  /** A source that was asked did not answer: it could have named the member. */
  evidenceMissing: boolean;
  contact: ContactClaims;
  /** Where what follows from the login is to be traced; absent: nowhere. */
  traceparent?: string | undefined;
}

/** A session that may be opened, and the code that the app gets for it. The database gets the code's hash only. */
interface CodeOpening {
  code: string;
  app: AppRequest;
}

/** A member's session begins with an observation. */
export interface SessionOpening extends CodeOpening {
  observationId: string;
}

/** A verified login of an organisation's staff provider. */
interface StaffLogin {
  organization: string;
  issuer: string;
  subject: string;
  email: string | undefined;
  emailVerified: boolean;
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
interface Revocation {
  organization: string;
  provider: string;
  subject: string;
  event: string;
  issuedAt: Date;
  /** Came outside the time it was good for. */
  late: boolean;
}

const flag = z.boolean().nullable().transform(Boolean);

/** What the database decided about an observation. */
export type Decision = z.infer<typeof decision>;
const decision = z.object({
  /** Null: nothing was decided or kept, because the evidence that is missing could have named the member. */
  outcome: z.string().nullable(),
  memberId: z.guid().nullable(),
  askConsent: flag,
  /** Of a refused login: whether the app may hear that a member is concerned. */
  told: flag,
  /** `opened`, `refused`, `not_now`, or the SQLSTATE of what kept the session from being opened along with it. */
  session: z.string(),
});

/** A session of a member or a coordinator, as the database opened or renewed it. */
export type Session = z.infer<typeof session>;
const session = z.object({
  sessionId: z.guid(),
  userId: z.guid(),
  organizationId: z.guid(),
  organization: z.string(),
  audience: z.enum(['members', 'coordinators']),
  /** What the app asked for and was granted. */
  scope: z.array(z.string()),
  nonce: z.string().nullable(),
});
const renewedSession = session.extend({ salt: z.instanceof(Buffer) });
const consentDecision = z.object({ outcome: z.string() });
const signInAnswer = z.object({
  answer: z.enum(['opened', 'refused', 'not_invited', 'email_not_verified', 'invitation_expired']),
});
type SignInAnswer = z.infer<typeof signInAnswer>['answer'];

/**
 * The database as the callback sees it: the functions of schema `login`, and nothing else. Values travel as bind
 * parameters only, of codes and tokens only their hashes. The calls of one request share the time of its budget. A call
 * that changes nothing when it is made twice is made once more when the connection broke.
 */
export interface LoginDatabase {
  /** For all requests together, so it has a time of its own. */
  providers(timeoutMs: number): Promise<ProviderRow[]>;
  /**
   * True exactly once for an id.
   *
   * @throws when nobody knows: the connection broke, and the second call does not say that it was the first
   */
  consumeTransaction(transactionId: string, expiresAt: Date, budget: DatabaseBudget): Promise<boolean>;
  /**
   * Decides, and opens the session of whoever is let in, in one call. The same observation id, and code, again: same
   * answer, nothing changes. A session that cannot be opened costs nothing of the rest.
   */
  recordObservation(observation: Observation, opening: SessionOpening, budget: DatabaseBudget): Promise<Decision>;
  /**
   * A second answer changes nothing.
   *
   * @returns the outcome the login has now
   */
  recordConsent(answer: ConsentAnswer, budget: DatabaseBudget): Promise<string>;
  /** A second leg contradicted the first: a case, and nothing else. */
  reportInconsistency(
    observationId: string,
    inconsistency: 'numbers_differ' | 'subject_differs',
    budget: DatabaseBudget,
  ): Promise<void>;
  /** The same for known and unknown subjects; the same notice again changes nothing. */
  recordRevocation(revocation: Revocation, budget: DatabaseBudget): Promise<void>;
  /** Whether the session's member is logged in. */
  sessionIsLive(sessionId: string, organization: string, budget: DatabaseBudget): Promise<boolean>;
  /**
   * Finds the coordinator, or uses an invitation, and opens the session, in one call. The same code again: same answer, nothing changes.
   *
   * @returns `opened`; `refused` for an address that is not registered, or a code that was used; or why nobody is signed in
   */
  signInCoordinator(login: StaffLogin, opening: CodeOpening, budget: DatabaseBudget): Promise<SignInAnswer>;
  /** False when that observation gives no login, or gave one before. */
  openSession(opening: SessionOpening, budget: DatabaseBudget): Promise<boolean>;
  /**
   * Undefined when the code, or its verifier, is not good. A code used twice ends its session; the same call again is
   * answered the same. A login that is to be linked is decided here: `refused` when it was not linked, which is a case.
   *
   * @param refreshToken of the new session; the database knows the same call again by it, because nobody has seen it yet
   * @param askingSessionId whose access token came along; the code of a linking login is good for the session that asked only
   */
  redeemCode(
    given: {
      code: string;
      codeVerifier: string;
      refreshToken: string;
      askingSessionId: string | undefined;
      clientId: string | undefined;
      redirectUri: string | undefined;
    },
    budget: DatabaseBudget,
  ): Promise<Session | 'refused' | undefined>;
  /**
   * Undefined when the token is not good, or another app's. The token before the current one is answered for a minute, with the salt of its
   * first use; an older one ends its family.
   */
  rotateRefreshToken(
    presented: { refreshToken: string; clientId: string | undefined },
    next: { salt: Buffer; refreshToken: string },
    budget: DatabaseBudget,
  ): Promise<z.infer<typeof renewedSession> | undefined>;
  /** Ends the session that a refresh token, or an access token of this session, belongs to, where it is that app's. */
  endSession(
    presented: { refreshToken: string } | { sessionId: string },
    clientId: string | undefined,
    budget: DatabaseBudget,
  ): Promise<void>;
  /** The newest signed checkpoint of the audit; undefined where nothing is sealed yet. */
  auditCheckpoint(budget: DatabaseBudget): Promise<string | undefined>;
  /** Hashes of complete subtrees of the sealed audit, in the order asked. */
  auditSubtrees(subtrees: readonly Subtree[], budget: DatabaseBudget): Promise<Hash[]>;
}

const checkpointRow = z.object({ note: z.string().nullable() });
const subtreesRow = z.object({ hashes: z.array(z.custom<Hash>((value) => Buffer.isBuffer(value))) });

/** @param pool connections of the role `auth_callback` */
export function createLoginDatabase(pool: Pool): LoginDatabase {
  const statement = createStatements(pool);

  /** The rows of a statement, its columns named as ours are. */
  async function rowsOf(text: string, values: unknown[], timeoutMs: number): Promise<Row[]> {
    return (await statement(text, values, timeoutMs)).map(camelKeys);
  }

  /** The first row, within the request's time. */
  function once(text: string, values: unknown[], budget: DatabaseBudget): Promise<Row | undefined> {
    return budget.spend(async (ms) => (await rowsOf(text, values, ms))[0]);
  }

  /** For calls that change nothing when they are made twice. */
  function repeated(text: string, values: unknown[], budget: DatabaseBudget): Promise<Row | undefined> {
    return repeatOnce(() => once(text, values, budget));
  }

  return {
    async providers(timeoutMs) {
      return parseProviderRows(await statement('select * from login.providers()', [], timeoutMs));
    },
    async consumeTransaction(transactionId, expiresAt, budget) {
      const consume = async () => (await once(texts.consumeTransaction, [transactionId, expiresAt], budget))?.fresh;
      try {
        return (await consume()) === true;
      } catch (error) {
        // A connection that broke while idle is found out now. "Used" would then tell nothing: it may have been this call.
        if (isWorthRepeating(error) && (await consume().catch(() => false)) === true) return true;
        throw error;
      }
    },
    async recordObservation(observation, opening, budget) {
      const values = [...observationValues(observation), ...openingValues(opening), observation.traceparent];
      return decision.parse(await repeated(texts.recordObservation, values, budget));
    },
    async recordConsent({ observationId, given, evidence, number }, budget) {
      const values = [observationId, given, JSON.stringify(evidence), ...numberValues(number)];
      return consentDecision.parse(await repeated(texts.recordConsent, values, budget)).outcome;
    },
    async reportInconsistency(observationId, inconsistency, budget) {
      await once(texts.reportInconsistency, [observationId, inconsistency], budget);
    },
    async recordRevocation({ organization, provider, subject, event, issuedAt, late }, budget) {
      await repeated(texts.recordRevocation, [organization, provider, subject, event, issuedAt, late], budget);
    },
    async sessionIsLive(sessionId, organization, budget) {
      return (await repeated(texts.sessionIsLive, [sessionId, organization], budget))?.live === true;
    },
    async signInCoordinator({ organization, issuer, subject, email, emailVerified }, opening, budget) {
      const values = [organization, issuer, subject, email, emailVerified, ...openingValues(opening)];
      return signInAnswer.parse(await repeated(texts.signInCoordinator, values, budget)).answer;
    },
    async openSession(opening, budget) {
      const values = [opening.observationId, ...openingValues(opening)];
      return (await once(texts.openSession, values, budget))?.opened === true;
    },
    async redeemCode({ code, codeVerifier, refreshToken, askingSessionId, clientId, redirectUri }, budget) {
      const challenge = hash('sha256', codeVerifier, 'base64url');
      const values = [hashOf(code), challenge, hashOf(refreshToken), askingSessionId, clientId, redirectUri];
      const row = await repeated(texts.redeemCode, values, budget);
      return row?.refused === true ? 'refused' : session.optional().parse(row);
    },
    async rotateRefreshToken({ refreshToken, clientId }, next, budget) {
      const values = [hashOf(refreshToken), next.salt, hashOf(next.refreshToken), clientId];
      return renewedSession.optional().parse(await repeated(texts.rotateRefreshToken, values, budget));
    },
    async endSession(presented, clientId, budget) {
      const [token, session] =
        'sessionId' in presented ? [null, presented.sessionId] : [hashOf(presented.refreshToken), null];
      await repeated(texts.endSession, [token, session, clientId], budget);
    },
    async auditCheckpoint(budget) {
      return checkpointRow.parse(await repeated(texts.auditCheckpoint, [], budget)).note ?? undefined;
    },
    async auditSubtrees(subtrees, budget) {
      const values = [subtrees.map(({ level }) => level), subtrees.map(({ index }) => index)];
      return subtreesRow.parse(await repeated(texts.auditSubtrees, values, budget)).hashes;
    },
  };
}

const texts = {
  consumeTransaction: 'select login.consume_transaction(transaction_id => $1, expires_at => $2) as fresh',
  /** Records the login and opens its session: `admit` sees the row, because what comes first in a statement has happened. */
  recordObservation: `select o.outcome, o.member_id, o.ask_consent, o.told,
    login.admit(o.observation_id, o.member_id, o.ask_consent, $24, $25, $26, $27, $28, $29) as session
  from login.record_observation(
    observation_id => $1, organization => $2, provider => $3, issuer => $4, subject => $5, authenticated_at => $6,
    issued_at => $7, acr => $8, link_session_id => $9, personnummer_index => $10, personnummer_sealed => $11,
    personnummer_masked => $12, personnummer_index_previous => $13, absent_reason => $14, inconsistency => $15,
    evidence_missing => $16, given_name => $17, family_name => $18, birth_date => $19, phone => $20,
    phone_verified => $21, email => $22, email_verified => $23, traceparent => $30) as o`,
  recordConsent: `select outcome from login.record_consent(
    observation_id => $1, given => $2, evidence => $3, personnummer_index => $4, personnummer_sealed => $5,
    personnummer_masked => $6, personnummer_index_previous => $7)`,
  reportInconsistency: 'select login.report_inconsistency(observation_id => $1, inconsistency => $2)',
  recordRevocation: `select login.record_revocation(organization => $1, provider => $2, subject => $3, event => $4,
    issued_at => $5, late => $6)`,
  sessionIsLive: 'select login.session_is_live(session_id => $1, organization => $2) as live',
  signInCoordinator: `select login.sign_in_coordinator(organization => $1, issuer => $2, subject => $3, email => $4,
    email_verified => $5, code_hash => $6, code_challenge => $7, return_to => $8, client_id => $9, scope => $10,
    nonce => $11) as answer`,
  openSession: `select login.open_session(observation_id => $1, code_hash => $2, code_challenge => $3,
    return_to => $4, client_id => $5, scope => $6, nonce => $7) as opened`,
  redeemCode: `select * from login.redeem_code(code_hash => $1, code_challenge => $2, refresh_token_hash => $3,
    link_session_id => $4, client_id => $5, redirect_uri => $6)`,
  rotateRefreshToken: `select * from login.rotate_refresh_token(refresh_token_hash => $1, new_salt => $2,
    new_refresh_token_hash => $3, client_id => $4)`,
  auditCheckpoint: 'select login.audit_checkpoint() as note',
  auditSubtrees: 'select login.audit_subtrees(levels => $1::integer[], indexes => $2::bigint[]) as hashes',
  endSession: 'select login.end_session(refresh_token_hash => $1, session_id => $2, client_id => $3)',
};

function observationValues(observation: Observation): unknown[] {
  const { id, organization, provider, issuer, subject, authenticatedAt, issuedAt, acr, linkSessionId } = observation;
  const { evidence, evidenceMissing, contact } = observation;
  const number = evidence.status === 'given' ? evidence : undefined;
  const absent = evidence.status === 'absent' ? evidence : undefined;
  return [
    id,
    organization,
    provider,
    issuer,
    subject,
    authenticatedAt,
    issuedAt,
    acr,
    linkSessionId,
    ...numberValues(number),
    absent?.reason,
    absent?.inconsistency,
    evidenceMissing,
    contact.givenName,
    contact.familyName,
    contact.birthDate,
    contact.phone,
    contact.phoneVerified,
    contact.email,
    contact.emailVerified,
  ];
}

/** What the app asked for, as every function that opens a session takes it. Pg sends undefined as null. */
function openingValues({ code, app }: CodeOpening): unknown[] {
  return [hashOf(code), app.codeChallenge, app.returnTo, app.clientId, app.scope, app.nonce];
}

/** Pg sends undefined as null. */
function numberValues(number: GivenNumber | undefined): unknown[] {
  return [number?.index, number?.sealed, number?.masked, number?.previousIndexes];
}

function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

type Row = Record<string, unknown>;

/** Of each column we have met: to spell it anew for every row would cost more than to check the row. */
const camelNames = new Map<string, string>();

/** `member_id` becomes `memberId`. */
/** @param rows as `login.providers` gives them */
export function parseProviderRows(rows: readonly QueryResultRow[]): ProviderRow[] {
  return z.array(providerRow).parse(rows.map(camelKeys));
}

function camelKeys(row: QueryResultRow): Row {
  const named: Row = {};
  for (const [column, value] of Object.entries(row)) {
    const name = camelNames.get(column) ?? column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    camelNames.set(column, name);
    named[name] = value;
  }
  return named;
}
