import { readStaffEmail } from '../claims/staff-email.ts';
import { LoginError } from '../errors.ts';
import { newSecret } from '../new-secret.ts';
import { type LoginEnding, sessionRefused } from './login-ending.ts';
import type { LoginDependencies, LoginInFlight } from './login-in-flight.ts';
import type { ProviderAnswer } from './provider-answer.ts';

/**
 * A login of the organisation's own staff provider: the database knows the coordinator, or has an invitation for the verified e-mail
 * address. Nothing is observed, no number is read, and no member is touched.
 *
 * @throws {LoginError} `temporarily_unavailable` when the database does not say
 */
export async function signIn(
  { database }: Pick<LoginDependencies, 'database'>,
  { row, transaction, budget }: LoginInFlight,
  { verified: { subject }, sources }: ProviderAnswer,
): Promise<LoginEnding & { outcome: string; subject: string }> {
  const { email, emailVerified } = readStaffEmail(row.issuer, sources);
  const login = { organization: row.organization, issuer: row.issuer, subject, email, emailVerified };
  const opening = { code: newSecret(), app: transaction.app };
  const answer = await database.signInCoordinator(login, opening, budget).catch((cause: unknown) => {
    throw new LoginError('coordinator_not_looked_up', 'temporarily_unavailable', { cause });
  });
  if (answer === 'opened') return { status: 'let_in', code: opening.code, outcome: 'signed_in', subject };
  if (answer === 'refused') return { ...sessionRefused(), outcome: 'none', subject };
  // The reason is the outcome; to the person it is all one: nobody has invited this login.
  const error = new LoginError('not_a_coordinator', 'coordinator_not_found');
  return { status: 'refused', error, outcome: answer, subject };
}
