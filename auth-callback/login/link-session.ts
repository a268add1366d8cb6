import type { Doors } from '../doors.ts';
import { LoginError } from '../errors.ts';
import type { LoginInFlight } from './login-in-flight.ts';

/**
 * Whoever asked for this login to be linked must still be logged in when it comes back; otherwise nothing is recorded,
 * because an ordinary login is not what was asked for.
 *
 * @throws {LoginError} `access_denied`; `temporarily_unavailable` when the database does not say
 */
export async function refuseDeadLink(
  doors: Doors,
  { transaction, budget }: Pick<LoginInFlight, 'transaction' | 'budget'>,
): Promise<void> {
  const { linkSessionId, organization } = transaction;
  if (linkSessionId === undefined) return;
  const live = await budget
    .spend((ms) => doors.sessionIsLive(linkSessionId, organization, ms))
    .catch((cause: unknown) => {
      throw new LoginError('link_session_unknown', 'temporarily_unavailable', { cause });
    });
  if (!live) throw new LoginError('link_session_ended', 'access_denied');
}
