import type { AskedCount, GrantArea, GrantList, GrantPerson, GrantReport, Row } from '../../db/api-types.gen.ts';
import { type Api, type CallResult, call, read } from './connect.ts';
import { NotFoundError } from './errors.ts';

export type Snapshot = Row<'grant_snapshots'>;
export type Rule = Row<'grant_rules'>;
export type ListName = 'counted' | 'not_counted' | 'duplicates' | 'places';

/** As many as the API gives at once. */
const most = 1_000;
/** As many as anybody looks back at. */
const shown = 50;

/** The newest first, and the rules that can be counted by. */
export async function loadGrants(api: Api): Promise<{ snapshots: Snapshot[]; rules: Rule[] }> {
  const [snapshots, rules] = await Promise.all([
    read(api.from('grant_snapshots').select('*').order('made_at', { ascending: false }).limit(shown)),
    read(api.from('grant_rules').select('*').order('code')),
  ]);
  return { snapshots, rules };
}

export const makeSnapshot = (
  api: Api,
  asked: { organization: string; base_year: number; rule: string; corrects: string | null },
): Promise<CallResult<AskedCount>> => call(api.rpc('make_grant_snapshot', asked));

/** The row of a snapshot: its case too. @throws {NotFoundError} */
export async function findSnapshot(api: Api, id: string): Promise<Snapshot> {
  const [row] = await read(api.from('grant_snapshots').select('*').eq('snapshot_id', id));
  if (row === undefined) throw new NotFoundError();
  return row;
}

/** @throws {NotFoundError} */
export async function loadReport(api: Api, id: string): Promise<GrantReport> {
  const answer = await call(api.rpc('grant_report', { snapshot_id: id }));
  if ('refused' in answer) throw new NotFoundError();
  return answer.done;
}

/** The count of the year before by the same rule: the frozen one, or else the newest. */
export async function loadYearBefore(
  api: Api,
  { organization, base_year, rule }: GrantReport,
): Promise<GrantReport | undefined> {
  const rows = await read(
    api
      .from('grant_snapshots')
      .select('*')
      .eq('organization', organization)
      .eq('base_year', base_year - 1)
      .eq('rule_code', rule.code)
      .in('state', ['draft', 'frozen'])
      .order('frozen_at', { ascending: false, nullsFirst: false })
      .limit(1),
  );
  const id = rows[0]?.snapshot_id;
  return id === undefined ? undefined : loadReport(api, id);
}

export const proposeFreeze = (api: Api, id: string, note: string | null, version: number) =>
  call(api.rpc('propose_grant_freeze', { snapshot_id: id, note, expected_version: version }));

/** A part of a list, from after a line on. @throws {NotFoundError} */
export async function loadList(
  api: Api,
  id: string,
  what: ListName,
  after: number,
  size: number,
): Promise<GrantPerson[]> {
  const answer = await call(api.rpc('grant_list', { snapshot_id: id, what, after, most: size }));
  if ('refused' in answer) throw new NotFoundError();
  return answer.done.rows;
}

/** A whole list. */
export async function loadWholeList(api: Api, id: string, what: ListName): Promise<GrantPerson[]> {
  const rows: GrantPerson[] = [];
  for (;;) {
    const more = await loadList(api, id, what, rows.at(-1)?.nth ?? 0, most);
    rows.push(...more);
    if (more.length < most) return rows;
  }
}

export const drawSample = (api: Api, id: string, size: number, seed: string): Promise<CallResult<GrantList>> =>
  call(api.rpc('grant_sample', { snapshot_id: id, size, seed }));

export const countArea = (
  api: Api,
  id: string,
  asked: { area_year: number; counties: string[] | null; municipalities: string[] | null },
): Promise<CallResult<GrantArea>> => call(api.rpc('count_grant_area', { snapshot_id: id, ...asked }));
