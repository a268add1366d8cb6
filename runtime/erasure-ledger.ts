import type { Deployment } from './deployment.ts';
import type { EnvironmentReader } from './environment.ts';
import { type LedgerErasure, type LedgerLine, readLines, writeLine } from './erasure-ledger/lines.ts';
import { type LedgerSetting, openStore } from './erasure-ledger/store.ts';

export type { LedgerErasure, LedgerLine } from './erasure-ledger/lines.ts';
export type { LedgerSetting } from './erasure-ledger/store.ts';

/** Erasures as they stand outside the database, so that a restored backup that lacks one is noticed. */
export type ErasureLedger = {
  /** Every erasure of the ledger, in the order in which they were written. */
  read(): Promise<LedgerLine[]>;
  /** Returns when the erasure stands in the ledger; one that does already is not written again. */
  record(erasure: LedgerErasure): Promise<void>;
};

/**
 * `erasure_missing`: the database lacks an erasure of the ledger. `erasure_ledger_unreachable`: it could not be read or written.
 * `erasure_ledger_broken`: a line of it is missing or was changed.
 */
export type LedgerErrorCode = 'erasure_missing' | 'erasure_ledger_unreachable' | 'erasure_ledger_broken';

/** Carries a code and a sentence; never a value of the ledger. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly code: LedgerErrorCode;

  constructor(code: LedgerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** `ERASURE_LEDGER`: the path of a file, or an https address; null: none is kept. `ERASURE_LEDGER_TOKEN`: what the address asks for. */
export function readLedgerSetting(environment: EnvironmentReader, rules: { allowsPlainHttp: boolean }) {
  const place = environment.optional('ERASURE_LEDGER');
  const token = environment.bearerToken('ERASURE_LEDGER_TOKEN');
  if (place === undefined) return null;
  const setting: LedgerSetting = /^[a-z][a-z0-9+.-]*:/i.test(place)
    ? { url: environment.url('ERASURE_LEDGER', rules).href, token }
    : { path: place };
  return setting;
}

export function openErasureLedger(setting: LedgerSetting, deployment: Deployment): ErasureLedger {
  const store = openStore(setting, deployment);

  async function reach<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (cause) {
      const why = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
      const message = `the ledger of erasures (ERASURE_LEDGER) cannot be reached${why}`;
      throw new LedgerError('erasure_ledger_unreachable', message, { cause });
    }
  }

  async function read(): Promise<LedgerLine[]> {
    const lines = readLines(await reach(store.read));
    if (lines === undefined)
      throw new LedgerError('erasure_ledger_broken', 'a line of the ledger of erasures is missing or was changed');
    return lines;
  }

  return {
    read,
    async record(erasure) {
      const before = await read();
      if (before.some((line) => line.erasure === erasure.id)) return;
      await reach(() => store.append(writeLine(erasure, before)));
      if (!(await read()).some((line) => line.erasure === erasure.id))
        throw new LedgerError('erasure_ledger_unreachable', 'the ledger of erasures did not keep what was written');
    },
  };
}

/** Asks the database which of these erasures it does not know: `missing_erasures` of the schema that the program may use. */
export type AskMissing = (erasureIds: string[], organizations: string[]) => Promise<string[]>;

/**
 * What every program does before it serves anybody: a backup in which an erased person is still there must not be used.
 *
 * @param setting null: no ledger is kept, and nothing is asked
 * @throws {LedgerError}
 */
export async function refuseMissingErasures(
  setting: LedgerSetting | null,
  deployment: Deployment,
  askMissing: AskMissing,
): Promise<void> {
  if (setting === null) return;
  const missing = await missingErasures(await openErasureLedger(setting, deployment).read(), askMissing);
  if (missing.length === 0) return;
  throw new LedgerError(
    'erasure_missing',
    `the database lacks ${missing.length} of the erasures in the ledger: it is an older backup. npm run erasures:replay carries them out again`,
  );
}

/** Lines of the ledger that the database lacks; those of organisations that it does not know are not among them. */
export async function missingErasures(lines: LedgerLine[], askMissing: AskMissing): Promise<LedgerLine[]> {
  if (lines.length === 0) return [];
  const ids = lines.map(({ erasure }) => erasure);
  const organizations = lines.map(({ organization }) => organization);
  const missing = new Set(await askMissing(ids, organizations));
  return lines.filter(({ erasure }) => missing.has(erasure));
}
