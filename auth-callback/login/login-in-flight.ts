import type { Logger } from '../../runtime/logger.ts';
import type { NumberReader } from '../claims/number-evidence.ts';
import type { ConsentQuestion } from '../consent/consent-question.ts';
import type { ConsentSealer } from '../consent/consent-request.ts';
import type { DatabaseBudget } from '../database/database-budget.ts';
import type { Doors } from '../doors.ts';
import type { LoginError } from '../errors.ts';
import type { ProviderClients } from '../provider/provider-client.ts';
import type { ProviderRow } from '../provider/provider-row.ts';
import type { LoginTransaction, TransactionSealer } from '../transaction/transaction.ts';

/** What the steps of a login are made of. */
export interface LoginParts {
  publicUrl: string;
  doors: Doors;
  clients: ProviderClients;
  numbers: NumberReader;
  sealer: TransactionSealer;
  consents: ConsentSealer;
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

/** What became of a login: the app's code, the error it is told, or a question to the member first. */
export type LoginEnding =
  | { status: 'let_in'; code: string }
  | { status: 'refused'; error: LoginError }
  | { status: 'asked'; question: ConsentQuestion };

/** An ending, and what it says of the record of this subject. */
export type CompletedLogin = LoginEnding & { outcome: string; subject: string };
