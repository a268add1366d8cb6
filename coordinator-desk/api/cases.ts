import type { Enum, Row } from '../../db/api-types.gen.ts';
import { type Api, read } from './connect.ts';
import { NotFoundError } from './errors.ts';
import { newerThan, olderThan, type RowPlace } from './row-place.ts';

export type OpenCase = Row<'open_conflicts'>;
export type SettledCase = Row<'settled_conflicts'>;
export type Member = Row<'members'>;

/** A case as it stands now. */
export type FoundCase =
  | {
      state: 'open';
      found: OpenCase;
      candidates: Member[];
      other: Member | undefined;
      comments: Row<'conflict_comments'>[];
      /** Of a proposed one: what waits for approval. */
      approval: Row<'approvals'> | undefined;
    }
  | { state: 'settled'; found: SettledCase; comments: Row<'conflict_comments'>[] };

export interface CaseFilter {
  kind?: Enum<'conflict_kind'> | undefined;
  /** `nobody`, or a user id. */
  assignee?: string | undefined;
  /** Opened before this time (ISO 8601). */
  before?: string | undefined;
  /** Those that were put off, instead of the others. */
  postponed?: boolean;
}

/** Oldest first. One more than asked for tells that there are others. */
export async function listCases(api: Api, filter: CaseFilter, after: RowPlace | undefined, limit: number) {
  const view = api.from('open_conflicts').select('*');
  let query = filter.postponed ? view.not('postponed_until', 'is', null) : view.is('postponed_until', null);
  if (filter.kind !== undefined) query = query.eq('kind', filter.kind);
  if (filter.assignee === 'nobody') query = query.is('assigned_to', null);
  else if (filter.assignee !== undefined) query = query.eq('assigned_to', filter.assignee);
  if (filter.before !== undefined) query = query.lt('opened_at', filter.before);
  if (after !== undefined) {
    query = query.or(newerThan('opened_at', 'id', after));
  }
  const rows = await read(
    query
      .order('opened_at')
      .order('id')
      .limit(limit + 1),
  );
  return { cases: rows.slice(0, limit), more: rows.length > limit };
}

/**
 * Cases of one kind and class, which may be settled together, the oldest first. What is proposed or put off is left out here and not by the
 * question: behind row security the database cannot say how many those are, and would sort all cases of the class for the first few.
 */
export async function listAlike(api: Api, { kind, class: wanted }: Pick<OpenCase, 'kind' | 'class'>, limit: number) {
  const found: OpenCase[] = [];
  let after: RowPlace | undefined;
  for (;;) {
    const query = api.from('open_conflicts').select('*').eq('kind', kind).eq('class', wanted);
    const rows = await read(
      (after === undefined ? query : query.or(newerThan('opened_at', 'id', after)))
        .order('opened_at')
        .order('id')
        .limit(limit + 1),
    );
    found.push(...rows.filter(({ state, postponed_until: until }) => state === 'open' && until === null));
    const last = rows.at(-1);
    if (last === undefined || rows.length <= limit || found.length > limit)
      return { cases: found.slice(0, limit), more: found.length > limit };
    after = { time: last.opened_at, id: last.id };
  }
}

/** The oldest case that waits, and that no colleague has taken. */
export async function nextCase(api: Api, userId: string, apart?: string): Promise<OpenCase | undefined> {
  const query = api
    .from('open_conflicts')
    .select('*')
    .eq('state', 'open')
    .is('postponed_until', null)
    .or(`assigned_to.is.null,assigned_to.eq.${userId}`);
  const rows = await read(
    (apart === undefined ? query : query.neq('id', apart)).order('opened_at').order('id').limit(1),
  );
  return rows[0];
}

/** @throws {NotFoundError} when there is none for this coordinator, or nobody settled it */
export async function findCase(api: Api, id: string): Promise<FoundCase> {
  const [[open], [settled], [approval], comments] = await Promise.all([
    read(api.from('open_conflicts').select('*').eq('id', id)),
    read(api.from('settled_conflicts').select('*').eq('id', id)),
    read(api.from('approvals').select('*').eq('conflict_id', id)),
    read(api.from('conflict_comments').select('*').eq('conflict_id', id).order('written_at')),
  ]);
  if (open !== undefined) {
    const wanted = [...new Set([...open.candidates, ...(open.other_member_id === null ? [] : [open.other_member_id])])];
    const members =
      wanted.length === 0 ? [] : await read(api.from('members').select('*').in('id', wanted).order('external_id'));
    return {
      state: 'open',
      found: open,
      comments,
      approval,
      candidates: members.filter(({ id }) => open.candidates.includes(id)),
      other: members.find(({ id }) => id === open.other_member_id),
    };
  }
  if (settled !== undefined) return { state: 'settled', found: settled, comments };
  throw new NotFoundError();
}

/** Settled cases, the newest first; of these members only where some are named. */
export async function listSettled(
  api: Api,
  filter: { kind?: Enum<'conflict_kind'> | undefined; members?: string[] | undefined },
  after: RowPlace | undefined,
  limit: number,
) {
  let query = api.from('settled_conflicts').select('*');
  if (filter.kind !== undefined) query = query.eq('kind', filter.kind);
  if (filter.members !== undefined) query = query.in('member_id', filter.members);
  if (after !== undefined) {
    query = query.or(olderThan('settled_at', 'id', after));
  }
  const newest = { ascending: false };
  const rows = await read(
    query
      .order('settled_at', newest)
      .order('id', newest)
      .limit(limit + 1),
  );
  return { cases: rows.slice(0, limit), more: rows.length > limit };
}

/** Decisions that wait for another coordinator, the oldest first. */
export async function listApprovals(api: Api): Promise<(Row<'approvals'> & { found: OpenCase | undefined })[]> {
  const approvals = await read(api.from('approvals').select('*').order('proposed_at').limit(200));
  // By id: behind row security no index tells the proposed ones from the other open ones.
  const ids = approvals.map(({ conflict_id: id }) => id);
  const find = (some: string[]) => read(api.from('open_conflicts').select('*').in('id', some));
  // So many ids as an address may be long.
  const cases = (
    await Promise.all([ids.slice(0, 100), ids.slice(100)].filter(({ length }) => length > 0).map(find))
  ).flat();
  return approvals.map((each) => ({ ...each, found: cases.find(({ id }) => id === each.conflict_id) }));
}
