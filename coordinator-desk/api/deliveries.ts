import type { Enum } from '../../db/api-types.gen.ts';
import { type Api, read } from './connect.ts';
import { NotFoundError } from './errors.ts';
import { olderThan, type RowPlace } from './row-place.ts';

/** What the list can be narrowed to. */
export const deliveryFilters = {
  failed: ['rejected', 'given_up'],
  waiting: ['pending', 'sending'],
  delivered: ['delivered'],
  dropped: ['superseded', 'cancelled'],
} as const satisfies Record<string, Enum<'push_state'>[]>;
export type DeliveryFilter = keyof typeof deliveryFilters;

/** The newest first. */
export async function listDeliveries(
  api: Api,
  filter: DeliveryFilter | undefined,
  after: RowPlace | undefined,
  limit: number,
) {
  const view = api.from('deliveries').select('*');
  const some = filter === undefined ? view : view.in('state', [...deliveryFilters[filter]]);
  const query = after === undefined ? some : some.or(olderThan('created_at', 'id', after));
  const rows = await read(
    query
      .order('created_at', { ascending: false })
      .order('id', { ascending: false })
      .limit(limit + 1),
  );
  return { deliveries: rows.slice(0, limit), more: rows.length > limit };
}
export type Delivery = Awaited<ReturnType<typeof listDeliveries>>['deliveries'][number];

/** @throws {NotFoundError} */
export async function findDelivery(api: Api, id: string): Promise<Delivery> {
  const [delivery] = await read(api.from('deliveries').select('*').eq('id', id));
  if (delivery === undefined) throw new NotFoundError();
  return delivery;
}

/** As many as one request may have tried again; of more than these nobody needs to know how many. */
export const mostAtOnce = 1_000;

/** How many failed with a code, and how many are on their way; `mostAtOnce + 1` stands for more. */
export async function countByCode(api: Api, code: string): Promise<{ failed: number; waiting: number }> {
  const some = () => api.from('failed_syncs').select('push_id').eq('error_code', code);
  const [failed, waiting] = await Promise.all([
    read(
      some()
        .in('state', ['rejected', 'given_up'])
        .limit(mostAtOnce + 1),
    ),
    read(
      api
        .from('deliveries')
        .select('id')
        .in('state', ['pending', 'sending'])
        .limit(mostAtOnce + 1),
    ),
  ]);
  return { failed: failed.length, waiting: waiting.length };
}
