import { z } from 'zod';
import { createBoundCookie } from '../../runtime/http/bound-cookie.ts';
import type { Logger } from '../../runtime/logger.ts';
import { createSealedBox, type SealedBox, type SealingSecret } from '../../runtime/sealed-box.ts';
import { givenNumber } from '../claims/number-evidence.ts';
import type { DatabaseBudget } from '../database/database-budget.ts';
import type { ConsentAnswer, LoginDatabase } from '../database/login-database.ts';
import { codeOf } from '../errors.ts';
import { appRequest } from '../login/app-request.ts';

/** A recorded login that waits for its member's answer on our own page. Lives only in the browser's cookie, sealed. */
export type ConsentRequest = z.infer<typeof consentRequest>;
const consentRequest = z.object({
  /** 256 random bits, in the page's address and form: what a forged form cannot know. */
  id: z.string(),
  observationId: z.string(),
  outcome: z.string(),
  subject: z.string(),
  organization: z.string(),
  provider: z.string(),
  /** In its forms at rest; this process cannot read it back. */
  number: givenNumber,
  app: appRequest,
  /** The app's code. Fixed before the question, so that a button pressed twice lets the member in once, not out. */
  code: z.string(),
  /** Seconds since 1970. */
  startedAt: z.int(),
});

/** How long the page waits for an answer (seconds): less than the quarter of an hour in which a login opens a session. */
export const consentLifetime = 14 * 60;

/** Bound to the browser that logged in; keyed by the request's id. */
export const consentCookie = createBoundCookie('consent', 2);

export type ConsentSealer = SealedBox<ConsentRequest>;

/** @param secrets see `createSealedBox` */
export function createConsentSealer(secrets: SealingSecret[]): ConsentSealer {
  return createSealedBox(secrets, 'consent-request', consentRequest);
}

/**
 * Stores a member's answer, to our own question or to the provider's.
 *
 * @returns what the login has come to; undefined when the answer could not be stored, which is no reason to keep the
 *   member out: the question comes again at the next login
 */
export async function recordAnswer(
  database: LoginDatabase,
  answer: ConsentAnswer,
  budget: DatabaseBudget,
  log: Logger,
): Promise<string | undefined> {
  try {
    const outcome = await database.recordConsent(answer, budget);
    log.info({ event: 'consent_answered', given: answer.given, outcome }, 'consent answered');
    return outcome;
  } catch (err) {
    log.error({ event: 'consent_not_recorded', code: codeOf(err), err }, 'the answer could not be stored');
    return undefined;
  }
}
