import type { ExportedMember, FoundMembers } from '../../db/api-types.gen.ts';
import { type Api, type CallResult, call, read } from './connect.ts';
import { NotFoundError } from './errors.ts';

/** One more than is shown tells that there are others. */
const shown = { logins: 20, cases: 20, deliveries: 20, events: 50 } as const;

export async function searchMembers(api: Api, query: string): Promise<CallResult<FoundMembers>> {
  return call(api.rpc('find_members', { query, limit: 50 }));
}

/** @throws {NotFoundError} */
export async function findMember(api: Api, id: string) {
  const [member] = await read(api.from('members').select('*').eq('id', id));
  if (member === undefined) throw new NotFoundError();
  return member;
}
export type Member = Awaited<ReturnType<typeof findMember>>;

/** Everything stored about a person. That it was taken out is audited. */
export const exportMember = (api: Api, id: string): Promise<CallResult<ExportedMember>> =>
  call(api.rpc('export_member', { member_id: id }));

/**
 * A member with everything that is known of them, the newest first.
 *
 * @param before history older than this event
 * @throws {NotFoundError}
 */
export async function loadMember(api: Api, id: string, before: number | undefined) {
  const about = `member_id.eq.${id},other_member_id.eq.${id},candidates.cs.{${id}}`;
  const member = await findMember(api, id);
  const history = api.from('member_history').select('*').eq('member_id', id);
  const [survivor, logins, open, settled, deliveries, events] = await Promise.all([
    member.merged_into === null ? undefined : findMember(api, member.merged_into),
    read(
      api
        .from('member_logins')
        .select('*')
        .eq('member_id', id)
        .order('received_at', { ascending: false })
        .limit(shown.logins),
    ),
    read(api.from('open_conflicts').select('*').or(about).order('opened_at').limit(shown.cases)),
    read(
      api
        .from('settled_conflicts')
        .select('*')
        .or(about)
        .order('settled_at', { ascending: false, nullsFirst: false })
        .limit(shown.cases),
    ),
    read(
      api
        .from('deliveries')
        .select('*')
        .eq('member_id', id)
        .order('created_at', { ascending: false })
        .limit(shown.deliveries),
    ),
    read(
      (before === undefined ? history : history.lt('event_id', before))
        .order('event_id', { ascending: false })
        .limit(shown.events + 1),
    ),
  ]);
  return {
    member,
    survivor,
    logins,
    open,
    settled,
    deliveries,
    events: events.slice(0, shown.events),
    more: events.length > shown.events,
  };
}
export type MemberFile = Awaited<ReturnType<typeof loadMember>>;
