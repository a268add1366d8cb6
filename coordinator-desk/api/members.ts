import type { ExportedMember, FoundMembers, Row } from '../../db/api-types.gen.ts';
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
    findOpenCases(api, id),
    findSettledCases(api, id),
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
/** The cases that are about a member, and those that may be: they are asked for apart, because behind row security no index looks into the candidates. */
const about = (id: string) => `member_id.eq.${id},other_member_id.eq.${id}`;
const withCandidates = ['ambiguous', 'name_mismatch'] as const;

async function findOpenCases(api: Api, id: string) {
  const open = () => api.from('open_conflicts').select('*').order('opened_at').limit(shown.cases);
  const found = await Promise.all([
    read(open().or(about(id))),
    read(open().in('kind', withCandidates).contains('candidates', [id])),
  ]);
  return eachOnce(found)
    .sort((one, other) => Date.parse(one.opened_at) - Date.parse(other.opened_at))
    .slice(0, shown.cases);
}

async function findSettledCases(api: Api, id: string) {
  const settled = () =>
    api
      .from('settled_conflicts')
      .select('*')
      .order('settled_at', { ascending: false, nullsFirst: false })
      .limit(shown.cases);
  const found = await Promise.all([
    read(settled().or(about(id))),
    read(settled().in('kind', withCandidates).contains('candidates', [id])),
  ]);
  const settledAt = (each: Row<'settled_conflicts'>) => (each.settled_at === null ? 0 : Date.parse(each.settled_at));
  return eachOnce(found)
    .sort((one, other) => settledAt(other) - settledAt(one))
    .slice(0, shown.cases);
}

function eachOnce<Case extends { id: string }>(found: Case[][]): Case[] {
  return [...new Map(found.flat().map((each) => [each.id, each])).values()];
}

export type MemberFile = Awaited<ReturnType<typeof loadMember>>;
