import type { DatabaseBudget } from '../database/database-budget.ts';
import { isConnectionLost } from '../database/lost-connection.ts';
import type { Doors } from '../doors.ts';
import { LoginError, PageError } from '../errors.ts';
import { type LoginTransaction, transactionLifetime } from './transaction.ts';

/**
 * Uses the transaction up, before anything else happens with it: of any number of identical callbacks one passes.
 *
 * @throws {PageError} 400 when it was used before
 * @throws {LoginError} `temporarily_unavailable` when the database does not say
 */
export async function consumeTransaction(
  doors: Doors,
  transaction: LoginTransaction,
  budget: DatabaseBudget,
): Promise<void> {
  const expiresAt = new Date((transaction.startedAt + transactionLifetime) * 1000);
  const consume = () => budget.spend((ms) => doors.consumeTransaction(transaction.id, expiresAt, ms));
  try {
    if (!(await consume())) throw new PageError('transaction_used', 400);
  } catch (error) {
    if (error instanceof PageError) throw error;
    // A connection that broke while idle is found out now. "Used" would then tell nothing: it may have been this call.
    const fresh = isConnectionLost(error) && (await consume().catch(() => false));
    if (!fresh) throw new LoginError('transaction_not_consumed', 'temporarily_unavailable', { cause: error });
  }
}
