import { sameText } from '../../runtime/same-text.ts';
import { PageError } from '../errors.ts';
import { readParameters } from '../http/parameters.ts';
import type { AppContext } from '../http/request-context.ts';
import { type LoginTransaction, type TransactionSealer, transactionLifetime } from './transaction.ts';
import { transactionCookie } from './transaction-cookie.ts';

/** How far the clocks of two of our processes may be apart (seconds). */
const clockTolerance = 30;

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
  const state = parameters.get('state');
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
