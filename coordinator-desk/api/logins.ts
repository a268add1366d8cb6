import type { Suggestion } from '../../db/api-types.gen.ts';
import { type Api, type CallResult, call, read } from './connect.ts';
import { NotFoundError } from './errors.ts';
import { findMember } from './members.ts';
import { olderThan, type RowPlace } from './row-place.ts';

/** Logins that belong to nobody, the newest first. */
export async function listLogins(api: Api, after: RowPlace | undefined, limit: number) {
  const view = api.from('unlinked_logins').select('*');
  const query = after === undefined ? view : view.or(olderThan('received_at', 'observation_id', after));
  const rows = await read(
    query
      .order('received_at', { ascending: false })
      .order('observation_id', { ascending: false })
      .limit(limit + 1),
  );
  return { logins: rows.slice(0, limit), more: rows.length > limit };
}
export type Login = Awaited<ReturnType<typeof listLogins>>['logins'][number];

async function findLogin(api: Api, id: string): Promise<Login | undefined> {
  const [login] = await read(api.from('unlinked_logins').select('*').eq('observation_id', id));
  return login;
}

/**
 * A login as it stands: nobody's, with the members it might be; or linked by a coordinator, which can be taken back.
 *
 * @throws {NotFoundError}
 */
export async function loadLogin(api: Api, id: string) {
  const login = await findLogin(api, id);
  if (login !== undefined) {
    const suggestions: CallResult<Suggestion[]> = await call(api.rpc('login_suggestions', { observation_id: id }));
    return { linked: false as const, login, suggestions: 'done' in suggestions ? suggestions.done : [] };
  }
  const [settled] = await read(
    api
      .from('settled_conflicts')
      .select('*')
      .eq('observation_id', id)
      .eq('decision', 'link_login')
      .order('settled_at', { ascending: false })
      .limit(1),
  );
  const [link] = await read(api.from('member_logins').select('*').eq('observation_id', id));
  if (link?.member_id == null) throw new NotFoundError();
  return { linked: true as const, settled, member: await findMember(api, link.member_id) };
}

/** @throws {NotFoundError} */
export async function loadLink(api: Api, id: string, memberId: string) {
  const [login, member] = await Promise.all([findLogin(api, id), findMember(api, memberId)]);
  if (login === undefined) throw new NotFoundError();
  return { login, member };
}
