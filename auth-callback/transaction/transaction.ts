import { asRecord, createSealedBox, type SealedBox, type SealingSecret } from './sealed-box.ts';

/** A login in flight, from the start to the provider's answer. Lives only in the browser's cookie, sealed. */
export interface LoginTransaction {
  /** UUID; also the id of the observation this login leads to. */
  id: string;
  organization: string;
  provider: string;
  /** The provider's issuer when the login began (RFC 9700 section 4.4.2.2: mix-up). */
  issuer: string;
  nonce: string;
  state: string;
  /** Our own PKCE verifier towards the provider. */
  codeVerifier: string;
  /** The app's registered URL. */
  returnTo: string;
  /** The app's own state and PKCE challenge. */
  appState: string;
  appCodeChallenge: string;
  /** Seconds since 1970. */
  startedAt: number;
  /** The session of the member who asked for this login to be linked (`intent=link`). */
  linkSessionId?: string;
  /** In a second leg: the login whose number the provider asks the member's consent for. */
  firstLeg?: FirstLeg;
}

/** A login the provider has already vouched for and the database has decided about. */
export interface FirstLeg {
  observationId: string;
  outcome: string;
  subject: string;
  /** The number's indexes under all our keys, with which the second leg must agree; none where none came. */
  indexes: string[];
}

/** How long a login may take (seconds). */
export const transactionLifetime = 600;

export type TransactionSealer = SealedBox<LoginTransaction>;

const texts = [
  ...(['id', 'organization', 'provider', 'issuer', 'nonce', 'state'] as const),
  ...(['codeVerifier', 'returnTo', 'appState', 'appCodeChallenge'] as const),
];

/** @param secrets at least 32 random bytes each; the first one seals, all of them open */
export function createTransactionSealer(secrets: SealingSecret[]): TransactionSealer {
  return createSealedBox(secrets, 'login-transaction', readTransaction);
}

function readTransaction(value: unknown): LoginTransaction | undefined {
  const found = asRecord(value);
  if (found === undefined) return undefined;
  const complete = texts.every((name) => typeof found[name] === 'string') && Number.isInteger(found.startedAt);
  const linkIsGood = found.linkSessionId === undefined || typeof found.linkSessionId === 'string';
  const legIsGood = found.firstLeg === undefined || isFirstLeg(asRecord(found.firstLeg));
  return complete && linkIsGood && legIsGood ? (found as unknown as LoginTransaction) : undefined;
}

function isFirstLeg(found: Record<string, unknown> | undefined): boolean {
  if (found === undefined) return false;
  if (!Array.isArray(found.indexes)) return false;
  const parts = [found.observationId, found.outcome, found.subject, ...found.indexes];
  return parts.every((each) => typeof each === 'string');
}
