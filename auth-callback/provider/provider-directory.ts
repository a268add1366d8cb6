import { type DatabaseBudget, within } from '../database/database-budget.ts';
import type { LoginDatabase } from '../database/login-database.ts';
import { PageError } from '../errors.ts';
import type { ProviderRow } from './provider-row.ts';

export interface ProviderDirectory {
  /** @throws {PageError} 503 when there are no rows, old ones included */
  find(organization: string, provider: string, budget: DatabaseBudget): Promise<ProviderRow | undefined>;
  /** The rows at hand. */
  rows(budget: DatabaseBudget): Promise<ProviderRow[]>;
}

interface ProviderDirectoryOptions {
  load: LoginDatabase['providers'];
  onFailure: (error: unknown) => void;
  /** Milliseconds, of a clock that never goes back. */
  now?: () => number;
}

const freshFor = 30_000;
/** A database that is away for minutes must not make every login fail at its first step. */
const usableFor = 15 * 60_000;
const retryAfter = 2_000;
const longestLoad = 2_000;
/** Nobody waits longer than this for newer rows when older ones are at hand. */
const patience = 400;

/** The providers' rows, read again at most every 30 seconds, so that a changed row takes effect without a restart. */
export function createProviderDirectory({ load, onFailure, now }: ProviderDirectoryOptions): ProviderDirectory {
  const clock = now ?? (() => performance.now());
  let known: { rows: ProviderRow[]; loadedAt: number } | undefined;
  let loading: Promise<ProviderRow[]> | undefined;
  let nextTry = Number.NEGATIVE_INFINITY;

  function reload(): Promise<ProviderRow[]> {
    loading ??= load(longestLoad)
      .then(
        (rows) => {
          known = { rows, loadedAt: clock() };
          nextTry = clock() + freshFor;
          return rows;
        },
        (error: unknown) => {
          nextTry = clock() + retryAfter;
          onFailure(error);
          throw error;
        },
      )
      .finally(() => {
        loading = undefined;
      });
    return loading;
  }

  async function rows(budget: DatabaseBudget): Promise<ProviderRow[]> {
    const usable = known !== undefined && clock() - known.loadedAt < usableFor ? known.rows : undefined;
    if (clock() < nextTry && usable !== undefined) return usable;
    if (clock() < nextTry && loading === undefined) throw new PageError('providers_unavailable', 503);
    try {
      return await (usable === undefined ? budget.spend(() => reload()) : within(patience, reload()));
    } catch {
      // Reported by onFailure where the load itself failed; here it only matters whether older rows can stand in.
      if (usable === undefined) throw new PageError('providers_unavailable', 503);
      return usable;
    }
  }

  return {
    rows,
    async find(organization, provider, budget) {
      const found = await rows(budget);
      return found.find((row) => row.organization === organization && row.provider === provider);
    },
  };
}
