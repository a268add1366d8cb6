import type { Enum, Row } from '../../db/api-types.gen.ts';
import { type Api, call, read } from './connect.ts';
import { NotFoundError } from './errors.ts';
import { olderThan, type RowPlace } from './row-place.ts';

export type Invoice = Row<'invoices'>;
export type InvoiceIssuer = Row<'invoice_issuers'>;

/** What the list can be narrowed to. */
export const invoiceFilters = {
  stopped: ['no_consent', 'ambiguous', 'not_enough_data', 'rejected', 'given_up'],
  waiting: ['pending', 'issuing'],
  issued: ['issued'],
  cancelled: ['cancelled'],
} as const satisfies Record<string, Enum<'invoice_state'>[]>;
export type InvoiceFilter = keyof typeof invoiceFilters;

/** The newest first. */
export async function listInvoices(
  api: Api,
  filter: InvoiceFilter | undefined,
  after: RowPlace | undefined,
  limit: number,
): Promise<{ invoices: Invoice[]; more: boolean }> {
  const view = api.from('invoices').select('*');
  const some = filter === undefined ? view : view.in('state', [...invoiceFilters[filter]]);
  const query = after === undefined ? some : some.or(olderThan('created_at', 'id', after));
  const rows = await read(
    query
      .order('created_at', { ascending: false })
      .order('id', { ascending: false })
      .limit(limit + 1),
  );
  return { invoices: rows.slice(0, limit), more: rows.length > limit };
}

/** One row for each organisation that issues invoices. */
export const listIssuers = (api: Api): Promise<InvoiceIssuer[]> =>
  read(api.from('invoice_issuers').select('*').order('organization'));

/** @throws {NotFoundError} */
export async function findInvoice(api: Api, id: string): Promise<Invoice> {
  const [invoice] = await read(api.from('invoices').select('*').eq('id', id));
  if (invoice === undefined) throw new NotFoundError();
  return invoice;
}

/** @param reason 1 to 500 characters */
export const cancelInvoice = (api: Api, id: string, reason: string) =>
  call(api.rpc('cancel_invoice', { invoice_id: id, reason }));

export const retryInvoice = (api: Api, id: string) => call(api.rpc('retry_invoice', { invoice_id: id }));
