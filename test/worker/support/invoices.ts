import type { InvoiceRecipient } from '../../../local/invoice-service/recipients.ts';
import { createInvoiceService } from '../../../local/invoice-service.ts';
import type { TestDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';
import { token } from './stage/keys.ts';
import { addRecord, one, type RecordOptions } from './stage/records.ts';
import { createStage, sampleNumbers } from './stage.ts';

export type InvoiceRow = {
  state: string;
  attempts: number;
  error_code: string | null;
  http_status: number | null;
  looked_up_by: string | null;
  look_ups: number;
};

/** What is recorded of a member beside the number. */
export type Contact = {
  given_name?: string;
  family_name?: string;
  phone?: string;
  email?: string;
  birth_date?: string;
};

/** Everybody whom these tests invoice; with the number of the samples. */
export const ola: InvoiceRecipient = {
  number: sampleNumbers[0],
  msisdn: '4799912345',
  email: 'ola@example.org',
  firstName: 'Ola',
  lastName: 'Nordmann',
  dateOfBirth: '1986-03-24',
  consent: true,
};
export const olaRecorded: Contact = {
  given_name: 'Ola',
  family_name: 'Nordmann',
  phone: '+4799912345',
  email: 'ola@example.org',
  birth_date: '1986-03-24',
};

let made = 0;
/** Another number each time. */
function nth(): number {
  made += 1;
  return made;
}

/** A stage whose organisations issue invoices at a local service. */
export async function createInvoiceStage(existing?: TestDatabase) {
  const stage = await createStage(existing);
  const { db } = stage;
  const account = { clientSecret: token, recipients: [ola] };
  const service = await createInvoiceService({
    issuers: {
      nhf: { ...account, clientId: 'nhf-invoices', organizationNumber: '999999999' },
      hlf: { ...account, clientId: 'hlf-invoices', organizationNumber: '999999972' },
    },
  });

  async function addIssuer(organizationId: string, slug: 'nhf' | 'hlf'): Promise<void> {
    await db.pool.query(
      `insert into billing.issuers (organization_id, organization_number, account_number, base_url, access_token_url, client_id, client_secret_env)
       values ($1, $2, '99990000022', $3, $3 || '/accesstoken/get', $4, 'INVOICE_NHF_SECRET')`,
      [organizationId, slug === 'nhf' ? '999999999' : '999999972', `${service.url}/${slug}`, `${slug}-invoices`],
    );
  }
  await addIssuer(stage.organizationId, 'nhf');

  const invoice = (id: string) =>
    one<InvoiceRow>(
      db,
      'select state, attempts, error_code, http_status, looked_up_by, look_ups from billing.invoices where id = $1',
      [id],
    );

  return {
    ...stage,
    service,
    issuer: service.issuer('nhf'),
    neighbour: service.issuer('hlf'),
    addIssuer,
    invoice,

    async changeIssuer(changes: Record<string, unknown>, organizationId = stage.organizationId): Promise<void> {
      for (const [column, value] of Object.entries(changes)) {
        await db.pool.query(`update billing.issuers set "${column}" = $1 where organization_id = $2`, [
          value,
          organizationId,
        ]);
      }
    },

    /** A member with the first sample number. */
    addMember: (options: RecordOptions = {}) => addRecord(db, { organizationId: stage.organizationId, ...options }),

    /** A member without a number. */
    async addContact(contact: Contact, organizationId = stage.organizationId): Promise<string> {
      const { given_name, family_name, phone, email, birth_date } = contact;
      const { id } = await one<{ id: string }>(
        db,
        `insert into registry.members (organization_id, external_id, given_name, family_name, phone, email, birth_date)
         values ($1, $2, $3, $4, $5, $6, $7) returning id`,
        [organizationId, `c-${nth()}`, given_name, family_name, phone, email, birth_date],
      );
      return id;
    },

    /** Adds an invoice as the command does, with its job. @returns its id */
    async addInvoice(memberId: string, options: { organizationId?: string; dueDate?: string } = {}): Promise<string> {
      const { organizationId = stage.organizationId, dueDate = '2099-01-01' } = options;
      const { id } = await one<{ id: string }>(
        db,
        `with added as (
           insert into billing.invoices (organization_id, issuer_id, member_id, invoice_number, amount_ore, due_date, kid, description)
           select $1, s.id, $2, $3, 45000, $4, '12345674', 'Medlemskontingent' from billing.issuers as s where s.organization_id = $1
           returning *)
         select i.id, private.queue_invoices(array[i.id], array['invoices:' || i.organization_id]) from added as i`,
        [organizationId, memberId, `F-${nth()}`, dueDate],
      );
      return id;
    },

    /** Waits until the invoice is in a state, and its attempt is written down. */
    reachesState(id: string, state: string, errorCode: string | null = null): Promise<InvoiceRow> {
      const reached = until(`invoice ${state} ${errorCode}`, async () => {
        const row = await invoice(id);
        return row.state === state && (errorCode === null || row.error_code === errorCode) && row;
      });
      return reached.catch(async (error: Error) => {
        throw new Error(
          `${error.message}\n${JSON.stringify({ row: await invoice(id), log: stage.lines.filter((line) => !line.includes('Found task')).slice(0, 30) }, null, 1)}`,
        );
      });
    },

    /** Lets what waits for another try be tried now. */
    async invoicesDueNow(): Promise<void> {
      await db.pool.query(`update billing.invoices set next_attempt_at = now() where state = 'pending'`);
      await db.pool.query('update graphile_worker._private_jobs set run_at = now() where locked_at is null');
    },

    async [Symbol.asyncDispose]() {
      await service.close();
      await stage[Symbol.asyncDispose]();
    },
  };
}

export type InvoiceStage = Awaited<ReturnType<typeof createInvoiceStage>>;
