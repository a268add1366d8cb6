import type { ErasureReceipt, Row } from '../../db/api-types.gen.ts';
import { type Api, type CallResult, call, read } from './connect.ts';
import { NotFoundError } from './errors.ts';

export type Erasure = Row<'erasures'>;

/** As many as anybody looks back at. */
const shown = 50;

/** The newest first. */
export async function listErasures(api: Api): Promise<Erasure[]> {
  return read(api.from('erasures').select('*').order('announced_at', { ascending: false }).limit(shown));
}

/** @throws {NotFoundError} */
export async function findErasure(api: Api, id: string): Promise<Erasure> {
  const [erasure] = await read(api.from('erasures').select('*').eq('erasure_id', id));
  if (erasure === undefined) throw new NotFoundError();
  return erasure;
}

export const eraseMember = (api: Api, id: string, reason: string, version: number) =>
  call(api.rpc('erase_member', { member_id: id, reason, expected_version: version }));

/** The receipt is given out once. */
export const fetchReceipt = (api: Api, id: string): Promise<CallResult<ErasureReceipt>> =>
  call(api.rpc('fetch_erasure_receipt', { erasure_id: id }));
