import type { DatabaseBudget } from '../database/database-budget.ts';
import { repeatOnce } from '../database/repeat-once.ts';
import type { Decision, Doors, SessionOpening } from '../doors.ts';
import { LoginError } from '../errors.ts';
import type { Observation } from './observation.ts';

/**
 * Hands the login to the database. When the connection breaks nobody knows whether the row was kept, so the call is
 * repeated once, with the same id, which changes nothing if it was.
 *
 * An observation that cannot be handed over is lost together with the login: without the database there is no session
 * either, so the person logs in again and the number passes by again. It is never parked anywhere outside the database.
 *
 * @throws {LoginError} `temporarily_unavailable`
 */
export async function recordObservation(
  doors: Doors,
  observation: Observation,
  opening: SessionOpening,
  budget: DatabaseBudget,
): Promise<Decision> {
  try {
    return await repeatOnce(() => budget.spend((ms) => doors.recordObservation(observation, opening, ms)));
  } catch (error) {
    throw new LoginError('observation_not_recorded', 'temporarily_unavailable', { cause: error });
  }
}
