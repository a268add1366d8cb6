import { z } from 'zod';
import { createBoundCookie } from '../../runtime/http/bound-cookie.ts';
import { readParameters } from '../../runtime/http/parameters.ts';
import type { AppContext } from '../../runtime/http/request-context.ts';
import { sameText } from '../../runtime/same-text.ts';
import { createSealedBox, type SealedBox, type SealingSecret } from '../../runtime/sealed-box.ts';
import type { DatabaseBudget } from '../database/database-budget.ts';
import type { LoginDatabase } from '../database/login-database.ts';
import { LoginError, PageError } from '../errors.ts';
import { appRequest } from '../login/app-request.ts';

/** A login the provider has already vouched for and the database has decided about. */
export type FirstLeg = z.infer<typeof firstLeg>;
const firstLeg = z.object({
  observationId: z.string(),
  outcome: z.string(),
  subject: z.string(),
  /** The number's indexes under all our keys, with which the second leg must agree; none where none came. */
  indexes: z.array(z.string()),
});

/** A login in flight, from the start to the provider's answer. Lives only in the browser's cookie, sealed. */
export type LoginTransaction = z.infer<typeof loginTransaction>;
const loginTransaction = z.object({
  /** UUID; also the id of the observation this login leads to. */
  id: z.string(),
  organization: z.string(),
  provider: z.string(),
  /** The provider's issuer when the login began (RFC 9700 section 4.4.2.2: mix-up). */
  issuer: z.string(),
  nonce: z.string(),
  state: z.string(),
  /** Our own PKCE verifier towards the provider. */
  codeVerifier: z.string(),
  app: appRequest,
  /** Seconds since 1970. */
  startedAt: z.int(),
  /** The session of the member who asked for this login to be linked (`intent=link`). */
  linkSessionId: z.string().optional(),
  /** In a second leg: the login whose number the provider asks the member's consent for. */
  firstLeg: firstLeg.optional(),
});

/** How long a login may take (seconds). */
export const transactionLifetime = 600;
/** How far the clocks of two of our processes may be apart (seconds). */
const clockTolerance = 30;

/** One cookie per login in flight, keyed by its state, so that two tabs do not spoil each other. */
export const transactionCookie = createBoundCookie('login', 4);

export type TransactionSealer = SealedBox<LoginTransaction>;

/** @param secrets at least 32 random bytes each; the first one seals, all of them open */
export function createTransactionSealer(secrets: SealingSecret[]): TransactionSealer {
  return createSealedBox(secrets, 'login-transaction', loginTransaction);
}

/**
 * Finds the login that a callback belongs to: begun by this browser, for this organisation and provider, with this state,
 * not long ago. Its cookie is cleared whatever comes of it.
 *
 * @throws {PageError} 400; nothing may be sent anywhere, because anybody may have made up the address (login CSRF, RFC 9700
 *   section 4.7)
 */
export async function openTransaction(
  c: AppContext,
  sealer: TransactionSealer,
  at: { organization: string; provider: string },
): Promise<LoginTransaction> {
  const parameters = readParameters(new URL(c.req.url).searchParams);
  const state = parameters.once.state;
  if (state === undefined) throw new PageError(parameters.duplicated ? 'parameter_repeated' : 'state_missing', 400);
  const sealed = transactionCookie.read(c, state);
  transactionCookie.clear(c, state);
  if (parameters.duplicated) throw new PageError('parameter_repeated', 400);
  if (sealed === undefined) throw new PageError('cookie_missing', 400);
  const transaction = await sealer.unseal(sealed).catch(() => {
    throw new PageError('cookie_unreadable', 400);
  });
  if (!sameText(transaction.state, state)) throw new PageError('state_wrong', 400);
  if (transaction.organization !== at.organization || transaction.provider !== at.provider) {
    throw new PageError('callback_of_another_provider', 400);
  }
  const age = Date.now() / 1000 - transaction.startedAt;
  if (age > transactionLifetime || age < -clockTolerance) throw new PageError('transaction_expired', 400);
  return transaction;
}

/**
 * Uses the transaction up, before anything else happens with it: of any number of identical callbacks one passes.
 *
 * @throws {PageError} 400 when it was used before
 * @throws {LoginError} `temporarily_unavailable` when the database does not say
 */
export async function consumeTransaction(
  database: LoginDatabase,
  { id, startedAt }: LoginTransaction,
  budget: DatabaseBudget,
): Promise<void> {
  const expiresAt = new Date((startedAt + transactionLifetime) * 1000);
  const isFirst = await database.consumeTransaction(id, expiresAt, budget).catch((cause: unknown) => {
    throw new LoginError('transaction_not_consumed', 'temporarily_unavailable', { cause });
  });
  if (!isFirst) throw new PageError('transaction_used', 400);
}
