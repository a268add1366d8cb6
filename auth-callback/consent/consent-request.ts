import type { GivenNumber } from '../claims/number-evidence.ts';
import { createBoundCookie } from '../transaction/bound-cookie.ts';
import { asRecord, createSealedBox, type SealedBox, type SealingSecret } from '../transaction/sealed-box.ts';

/** A recorded login that waits for its member's answer on our own page. Lives only in the browser's cookie, sealed. */
export interface ConsentRequest {
  /** 256 random bits, in the page's address and form: what a forged form cannot know. */
  id: string;
  observationId: string;
  outcome: string;
  subject: string;
  organization: string;
  provider: string;
  /** In its forms at rest; this process cannot read it back. */
  number: GivenNumber;
  returnTo: string;
  appState: string;
  appCodeChallenge: string;
  /** The app's code. Fixed before the question, so that a button pressed twice lets the member in once, not out. */
  code: string;
  /** Seconds since 1970. */
  startedAt: number;
}

/** How long the page waits for an answer (seconds): less than the quarter of an hour in which a login opens a session. */
export const consentLifetime = 14 * 60;

/** Bound to the browser that logged in; keyed by the request's id. */
export const consentCookie = createBoundCookie('consent', 2);

export type ConsentSealer = SealedBox<ConsentRequest>;

const texts = [
  ...(['id', 'observationId', 'outcome', 'subject', 'organization', 'provider'] as const),
  ...(['returnTo', 'appState', 'appCodeChallenge', 'code'] as const),
];

/** @param secrets see `createSealedBox` */
export function createConsentSealer(secrets: SealingSecret[]): ConsentSealer {
  return createSealedBox(secrets, 'consent-request', (value) => {
    const found = asRecord(value);
    const number = asRecord(found?.number);
    const complete = texts.every((name) => typeof found?.[name] === 'string') && Number.isInteger(found?.startedAt);
    const numberIsGood = [number?.index, number?.sealed, number?.masked].every((each) => typeof each === 'string');
    return complete && numberIsGood ? (found as unknown as ConsentRequest) : undefined;
  });
}
