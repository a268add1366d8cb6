import { hash, randomBytes } from 'node:crypto';
import type { DatabaseBudget } from '../database/database-budget.ts';
import type { Doors, SessionOpening } from '../doors.ts';
import { LoginError } from '../errors.ts';

/** A fresh code for the app: 256 bits. The database gets its hash only. */
export function createCode(): string {
  return randomBytes(32).toString('base64url');
}

/** A session that may come to be, and the code that the app would get for it. */
export type NewSession = Omit<SessionOpening, 'codeHash'> & { code: string };

/** What the database gets to know of it. */
export function toOpening({ code, ...rest }: NewSession): SessionOpening {
  return { ...rest, codeHash: hash('sha256', code, 'buffer') };
}

/**
 * Opens the session that the code stands for.
 *
 * @returns false when that observation gives no login, or gave one before
 * @throws {LoginError} `temporarily_unavailable` when the database does not say
 */
export async function openSession(doors: Doors, session: NewSession, budget: DatabaseBudget): Promise<boolean> {
  try {
    return await budget.spend((ms) => doors.openSession(toOpening(session), ms));
  } catch (cause) {
    throw new LoginError('session_not_opened', 'temporarily_unavailable', { cause });
  }
}
