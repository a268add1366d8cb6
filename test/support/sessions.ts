import { createHash, randomUUID } from 'node:crypto';
import type { ActingCallback, Login } from './acting-callback.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest();
const CHALLENGE = 'x'.repeat(43);

export type Session = {
  id: string;
  memberId: string;
  /** Exchanges the session's refresh token for the next, as the app does; answers whether it was honoured. */
  refresh(): Promise<boolean>;
};

/** Opens the session of a login and redeems its code; throws where the login is not let in. */
export async function openSession(callback: ActingCallback, observationId: string): Promise<Session> {
  const code = randomUUID();
  if (!(await isLetIn(callback, observationId, code))) throw new Error('not let in');
  const text = 'select session_id, member_id from login.redeem_code($1, $2, $3)';
  const { rows } = await callback.pool.query(text, [sha256(code), CHALLENGE, sha256(`${code} 0`)]);
  let nth = 0;
  const refresh = async () => {
    const [token, salt, next] = [`${code} ${nth}`, 'salt', `${code} ${nth + 1}`].map(sha256);
    nth += 1;
    return (
      (await callback.pool.query('select from login.rotate_refresh_token($1, $2, $3)', [token, salt, next]))
        .rowCount === 1
    );
  };
  return { id: rows[0].session_id, memberId: rows[0].member_id, refresh };
}

/** A login that was proposed to be linked, and its code. */
export async function proposeLink(callback: ActingCallback, asking: Pick<Session, 'id'>, login: Login = {}) {
  const answer = await callback.login({ ...login, link_session_id: asking.id });
  const code = randomUUID();
  if (!(await isLetIn(callback, answer.observation_id, code))) throw new Error('no code');
  return { ...answer, code };
}

export type Redemption = { session_id: string | null; member_id: string | null; refused: boolean };

/** Redeems the code of a linking login, with the access token of a session, or with none; undefined: the code is not good. */
export async function redeemLink(
  callback: ActingCallback,
  code: string,
  session: Pick<Session, 'id'> | undefined,
  challenge: string = CHALLENGE,
): Promise<Redemption | undefined> {
  const text = 'select session_id, member_id, refused from login.redeem_code($1, $2, $3, link_session_id => $4)';
  const values = [sha256(code), challenge, sha256(randomUUID()), session?.id ?? null];
  return (await callback.pool.query<Redemption>(text, values)).rows[0];
}

/** Whether the database lets a login in. */
export async function isLetIn(
  callback: ActingCallback,
  observationId: string,
  code: string = randomUUID(),
): Promise<boolean> {
  const values = [observationId, sha256(code), CHALLENGE, 'https://app.example/return'];
  const { rows } = await callback.pool.query('select login.open_session($1, $2, $3, $4) as opened', values);
  return rows[0].opened;
}
