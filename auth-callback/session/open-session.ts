import { createHash, randomBytes } from 'node:crypto';
import type { DatabaseBudget } from '../database/database-budget.ts';
import type { Doors } from '../doors.ts';
import { LoginError } from '../errors.ts';

/** A fresh code for the app: 256 bits. The database gets its hash only. */
export function createCode(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * Opens the session that the code stands for.
 *
 * @returns false when that observation gives no login, or gave one before
 * @throws {LoginError} `temporarily_unavailable` when the database does not say
 */
export async function openSession(
  doors: Doors,
  opening: { observationId: string; code: string; codeChallenge: string; returnTo: string },
  budget: DatabaseBudget,
): Promise<boolean> {
  const { code, ...rest } = opening;
  const codeHash = createHash('sha256').update(code).digest();
  try {
    return await budget.spend((ms) => doors.openSession({ ...rest, codeHash }, ms));
  } catch (cause) {
    throw new LoginError('session_not_opened', 'temporarily_unavailable', { cause });
  }
}
