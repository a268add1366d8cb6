import type { Row } from '../../db/api-types.gen.ts';
import { type Api, read } from './connect.ts';

export type Colleague = Row<'coordinators'>;

/** The coordinators of an organisation, the reader included; of all that the reader belongs to where none is named. */
export async function listColleagues(api: Api): Promise<Colleague[]> {
  return read(api.from('coordinators').select('*').order('name'));
}

/** Who a user id is; its beginning for somebody who is no coordinator any more. */
export function nameOfUser(colleagues: Colleague[], user: string | null): string {
  return colleagues.find(({ user_id }) => user_id === user)?.name ?? user?.slice(0, 8) ?? '';
}
