import { type ActingCallback, type Login, one } from './acting-callback.ts';
import { actAs, type Caller } from './coordinator.ts';
import type { TestDatabase } from './database.ts';
import { openSession } from './sessions.ts';

/** What a member's access token says, as `auth-callback/session/access-token.ts` issues it. */
export type MemberClaims = {
  sub: string;
  session_id: string;
  app_metadata: { audience: string; organization: string; organization_id: string };
};

export type LoggedInMember = Caller & { claims: MemberClaims; memberId: string; observationId: string };

/** A member who logs in, gets a session of the app, and calls the API with its access token. */
export async function logInAsMember(
  db: TestDatabase,
  callback: ActingCallback,
  login: Login = {},
): Promise<LoggedInMember> {
  const { observation_id } = await callback.login(login);
  const { id, memberId } = await openSession(callback, observation_id);
  const { user_id } = await one<{ user_id: string }>(db, 'select user_id from registry.members where id = $1', [
    memberId,
  ]);
  const { id: organization_id, slug: organization } = callback.organization;
  const claims = { sub: user_id, session_id: id, app_metadata: { audience: 'members', organization, organization_id } };
  return { claims, memberId, observationId: observation_id, ...actAs(db, claims) };
}
