import { framesOf } from '../describe-error.ts';
import { ConfigurationError } from '../environment.ts';
import { LedgerError } from '../erasure-ledger.ts';
import { ImportError } from './errors.ts';

/** Says why a file was not taken in. Nothing of an unforeseen error is printed but what it is: its message may quote a row. */
export function explainError(program: string, error: unknown, complain: (text: string) => void): void {
  if (error instanceof ImportError || error instanceof ConfigurationError || error instanceof LedgerError) {
    complain(`${program}: ${'code' in error ? `${error.code}: ` : ''}${error.message}`);
    return;
  }
  const what = error instanceof Error ? `${error.name}\n${framesOf(error.stack ?? '')}` : 'error';
  complain(`${program}: unexpected ${what}`);
}
