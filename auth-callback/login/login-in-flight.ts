import type { Logger } from '../../runtime/logger.ts';
import type { Tracing } from '../../runtime/tracing/tracing.ts';
import type { NumberReader } from '../claims/number-evidence.ts';
import type { ConsentSealer } from '../consent/consent-request.ts';
import type { DatabaseBudget } from '../database/database-budget.ts';
import type { LoginDatabase } from '../database/login-database.ts';
import type { ProviderClients } from '../provider/provider-client.ts';
import type { ProviderRow } from '../provider/provider-row.ts';
import type { LoginTransaction, TransactionSealer } from '../transaction/transaction.ts';

/** What the steps of a login need. */
export interface LoginDependencies {
  publicUrl: string;
  database: LoginDatabase;
  clients: ProviderClients;
  numbers: NumberReader;
  sealer: TransactionSealer;
  consents: ConsentSealer;
  tracing: Tracing;
}

/** A browser that has come back from its provider; the transaction has been consumed. */
export interface LoginInFlight {
  row: ProviderRow;
  transaction: LoginTransaction;
  /** The callback's query. */
  sent: URLSearchParams;
  budget: DatabaseBudget;
  log: Logger;
}
