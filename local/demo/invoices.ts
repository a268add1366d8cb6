import type pg from 'pg';
import type { StackFile } from '../stack/stack-file.ts';
import { untilNone } from './until-none.ts';

/** One sample invoice and what became of it. */
export type InvoiceRow = {
  organization: string;
  invoice: string;
  member: string;
  state: string;
  /** By what the recipient was looked up. */
  lookedUpBy: string;
  /** Whether the invoice service has it. */
  taken: boolean;
  /** It has an end, and the invoice service has it just where it is issued. */
  asExpected: boolean;
  /** What the audit trail says, in its own words. */
  audit: string;
};

/** Waits until every sample invoice has ended, and compares each with what the local invoice service took. */
export async function showInvoices(stack: StackFile, client: pg.Client): Promise<InvoiceRow[]> {
  await untilNone(
    client,
    'select from billing.invoices where settled_at is null limit 1',
    'invoices are still to be issued',
  );
  const taken = new Set((await Promise.all(stack.organizations.map(takenAt))).flat());
  const { rows } = await client.query<Omit<InvoiceRow, 'taken' | 'asExpected'> & { name: string }>(
    `select g.slug as organization, i.invoice_number as invoice, m.external_id as member, i.state::text as state,
            coalesce(i.looked_up_by::text, '-') as "lookedUpBy", 'orgno-no.' || s.organization_number || '.' || i.invoice_number as name,
            (select e.message from audit.events as e where e.member_id = i.member_id and e.detail ->> 'invoice_id' = i.id::text
             order by e.id desc limit 1) as audit
     from billing.invoices as i
     join billing.issuers as s on s.id = i.issuer_id
     join registry.organizations as g on g.id = i.organization_id
     join registry.members as m on m.id = i.member_id
     order by g.slug, i.invoice_number`,
  );
  return rows.map(({ name, ...row }) => {
    const isTaken = taken.has(name);
    return { ...row, taken: isTaken, asExpected: isTaken === (row.state === 'issued') };
  });
}

/** The names of the invoices that an organisation's side of the service took. */
async function takenAt({ slug, invoiceServiceUrl }: StackFile['organizations'][number]): Promise<string[]> {
  const response = await fetch(`${invoiceServiceUrl}/control`);
  if (!response.ok) throw new Error(`the invoice service of ${slug} answers ${response.status}`);
  const { invoices } = (await response.json()) as { invoices: { name: string }[] };
  return invoices.map(({ name }) => name);
}
