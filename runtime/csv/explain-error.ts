import { framesOf } from '../describe-error.ts';
import { ConfigurationError } from '../environment.ts';
import { LedgerError } from '../erasure-ledger.ts';
import { StartRefused } from '../start-refused.ts';
import { ImportError } from './errors.ts';

/** Their messages hold no value. */
const ours = [ImportError, ConfigurationError, LedgerError, StartRefused] as const;

/** Says why a file was not taken in. Nothing of an unforeseen error is printed but what it is: its message may quote a row. */
export function explainError(program: string, error: unknown, complain: (text: string) => void): void {
  if (ours.some((kind) => error instanceof kind)) {
    const { code, message } = error as InstanceType<(typeof ours)[number]>;
    complain(`${program}: ${code}: ${message}`);
    return;
  }
  const what = error instanceof Error ? `${error.name}\n${framesOf(error.stack ?? '')}` : 'error';
  complain(`${program}: unexpected ${what}`);
}
