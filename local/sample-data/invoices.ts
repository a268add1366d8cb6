import type pg from 'pg';
import { sampleIssuers } from './issuers.ts';
import { allSampleCases } from './persons.ts';

/** How many of an organisation's sample members get an invoice: enough to see most of what can come of one. */
const INVOICES = 8;

/** Membership fees of some sample members, taken in as `npm run invoices:issue` does it; the worker issues them at the local service. */
export async function addSampleInvoices(client: Pick<pg.ClientBase, 'query'>): Promise<void> {
  for (const { organization } of sampleIssuers) {
    const members = allSampleCases
      .filter(({ person }) => person.organization === organization)
      .flatMap(({ members }) => members)
      .slice(0, INVOICES);
    const invoices = members.map(({ externalId }, at) => ({
      line: at + 2,
      invoice_number: `2026-${at + 1}`,
      member: externalId,
      amount_ore: 45_000,
      due_date: '2099-12-31',
      kid: '12345674',
      document_reference: null,
      description: 'Medlemskontingent 2026',
    }));
    await client.query('select from billing.load_invoices($1, $2)', [organization, JSON.stringify(invoices)]);
  }
}
