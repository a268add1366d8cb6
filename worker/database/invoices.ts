import { z } from 'zod';
import {
  type BeatAnswer,
  beatAnswer,
  type FinishedInvoice,
  finishedInvoice,
  type InvoiceAnswer,
  type InvoiceReport,
  type IssuerRow,
  invoiceAnswer,
  issuerRow,
  type Reconciled,
  reconciled,
} from '../database-rows.ts';
import type { Call } from './call.ts';

/** Invoices on their way to the invoice service (schema `billing`). */
export interface InvoiceCalls {
  claimInvoice(invoiceId: string, workerId: string): Promise<InvoiceAnswer | null>;
  /** Gives an invoice that was fetched and not begun a job again. */
  putBackInvoice(invoiceId: string): Promise<void>;
  /** @returns whether an issue-token may be asked for; null when the invoice is not held any more */
  beginLookUp(
    invoiceId: string,
    workerId: string,
    fencingToken: string,
    by: 'number' | 'contact_data',
  ): Promise<boolean | null>;
  finishInvoice(report: InvoiceReport): Promise<FinishedInvoice>;
  /** Renews the leases of invoices that this process is issuing. */
  beatInvoices(invoiceIds: string[], fencingTokens: string[]): Promise<BeatAnswer>;
  /** Takes up invoices that dead workers left, and lets probes through. */
  sweepInvoices(): Promise<Reconciled[]>;
  /** @returns null for an unknown organisation */
  issuer(slug: string): Promise<IssuerRow | null>;
}

const beginLookUp = `select billing.begin_look_up(invoice_id => $1::uuid, worker_id => $2::text, fencing_token => $3::bigint,
  looked_up_by => $4::billing.identifier) as allowed`;
const beatInvoices =
  'select lost, forbidden_flags from billing.beat(invoice_ids => $1::uuid[], fencing_tokens => $2::bigint[])';

export function createInvoiceCalls(call: Call): InvoiceCalls {
  return {
    async claimInvoice(invoiceId, workerId) {
      const text = 'select * from billing.claim_invoice(invoice_id => $1::uuid, worker_id => $2::text)';
      return (await call(invoiceAnswer, text, [invoiceId, workerId]))[0] ?? null;
    },
    async putBackInvoice(invoiceId) {
      await call(z.unknown(), 'select billing.put_back_invoice(invoice_id => $1::uuid)', [invoiceId]);
    },
    async beginLookUp(invoiceId, workerId, fencingToken, by) {
      const allowed = z.object({ allowed: z.boolean().nullable() });
      return (await call(allowed, beginLookUp, [invoiceId, workerId, fencingToken, by]))[0]?.allowed ?? null;
    },
    async finishInvoice(report) {
      const text = 'select state, next from billing.finish_invoice(report => $1::jsonb)';
      return (await call(finishedInvoice, text, [JSON.stringify(report)]))[0] ?? { state: null, next: null };
    },
    async beatInvoices(invoiceIds, fencingTokens) {
      const nothing = { lost: [], forbidden_flags: [] };
      return (await call(beatAnswer, beatInvoices, [invoiceIds, fencingTokens]))[0] ?? nothing;
    },
    sweepInvoices: () => call(reconciled, 'select what, queued from billing.sweep()'),
    issuer: async (slug) =>
      (await call(issuerRow, 'select * from billing.issuer(organization => $1::text)', [slug]))[0] ?? null,
  };
}
