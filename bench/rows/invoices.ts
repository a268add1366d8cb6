import { createInvoiceService, type LocalInvoiceService } from '../../local/invoice-service.ts';
import type { Context } from '../context.ts';
import type { BenchKeys } from '../keys.ts';
import { startBenchProgram } from '../programs.ts';
import { finish, type Row } from '../row.ts';
import { spreadOf } from '../statistics.ts';
import { addBenchOrganization } from '../world.ts';
import { syntheticNumbers } from './member-file.ts';
import { addNumberedMembers, CONCURRENCY, type Site, startWorker } from './pushes/site.ts';

const SLUG = 'invoices';
const CLIENT = 'bench-invoices';
const SECRET = 'bench-secret';
const ORGANIZATION_NUMBER = '999999999';

/** When each invoice was taken, in milliseconds. */
type Taken = { at: number[]; reached(count: number): Promise<void> };

/** How many invoices a minute are issued, beside what the invoice service takes from a client that does nothing else. */
export async function measureInvoices(context: Context, keys: BenchKeys): Promise<Row> {
  const count = context.size.invoices;
  const taken = countTaken();
  const service = await startService(count, taken);
  const site = await addInvoiceSite(context, keys, service);
  const rounds = context.size.name === 'quick' ? 1 : 3;
  const [ours, bare]: [number[], number[]] = [[], []];
  try {
    for (let round = 0; round < rounds; round += 1) {
      bare.push(await drainBare(context, service, taken, round));
      ours.push(await drainInvoices(context, site, keys, taken, round));
    }
  } finally {
    await service.close();
  }
  const side = (name: string, values: number[]) => ({ name, unit: '/min', figure: spreadOf(values) });
  return finish({
    id: 'invoices-over-service',
    what: 'invoices a minute, over what the local invoice service takes from a bare client',
    unit: 'ratio',
    value: spreadOf(ours.map((rate, at) => rate / (bare[at] as number))),
    bar: null,
    sides: [side('bare client, two requests for each', bare), side('our worker', ours)],
    note: `${count} invoices waiting, each of another recipient who is looked up by number, concurrency ${CONCURRENCY} on both sides, from the first to the last one taken. The service signs an issue-token for each look-up and verifies it with the invoice, on both sides alike. Beyond its two requests our worker claims the invoice, opens the number, writes down the look-up before it asks, and settles the invoice, with two audit events.`,
  });
}

function countTaken(): Taken & { add(): void } {
  const waiting: { count: number; done: () => void }[] = [];
  const at: number[] = [];
  return {
    at,
    add() {
      at.push(performance.now());
      for (const each of waiting) if (at.length >= each.count) each.done();
    },
    reached: (count) => new Promise((done) => (at.length >= count ? done() : waiting.push({ count, done }))),
  };
}

/** The service of the local stack, which knows every member and has their consent. */
function startService(count: number, taken: { add(): void }): Promise<LocalInvoiceService> {
  const recipients = syntheticNumbers()
    .take(count)
    .map(({ personnummer }) => ({ number: personnummer, consent: true }))
    .toArray();
  return createInvoiceService({
    issuers: {
      [SLUG]: { organizationNumber: ORGANIZATION_NUMBER, clientId: CLIENT, clientSecret: SECRET, recipients },
    },
    log: ({ what, status }) => {
      if (what === 'issue' && status === 200) taken.add();
    },
  });
}

async function addInvoiceSite(context: Context, keys: BenchKeys, { url }: LocalInvoiceService): Promise<Site> {
  const { pool, urls } = context.cluster;
  const organization = await addBenchOrganization(pool, SLUG);
  await addNumberedMembers(pool, organization, keys, context.size.invoices);
  await pool.query(
    `insert into billing.issuers (organization_id, organization_number, account_number, base_url, access_token_url, client_id, client_secret_env,
       concurrency)
     values ($1, $2, '99990000022', $3, $3 || '/accesstoken/get', $4, 'INVOICE_BENCH_SECRET', 100)`,
    [organization.id, ORGANIZATION_NUMBER, `${url}/${SLUG}`, CLIENT],
  );
  return { pool, workerUrl: urls.sync_worker, organization };
}

async function drainBare({ cluster, size }: Context, { url }: LocalInvoiceService, taken: Taken, round: number) {
  const words = [`${url}/${SLUG}`, ORGANIZATION_NUMBER, CLIENT, SECRET, `bare${round}`];
  return rateOf(taken, size.invoices, () =>
    startBenchProgram(cluster.folder, 'bench/invoice-client.ts', {}, [
      ...words,
      String(size.invoices),
      String(CONCURRENCY),
    ]),
  );
}

async function drainInvoices(context: Context, site: Site, keys: BenchKeys, taken: Taken, round: number) {
  const { invoices } = context.size;
  await site.pool.query(
    `select count(*) from billing.load_invoices($1, (
       select jsonb_agg(jsonb_build_object('line', n, 'invoice_number', $2 || '-' || n, 'member', 'p' || n, 'amount_ore', 45000,
         'due_date', '2099-12-31', 'kid', '12345674', 'description', 'Medlemskontingent'))
       from generate_series(1, $3::int) as n))`,
    [site.organization.slug, `ours${round}`, invoices],
  );
  await site.pool.query('vacuum analyze');
  return rateOf(taken, invoices, () => startWorker(context, site, keys, { INVOICE_BENCH_SECRET: SECRET }));
}

/** Invoices a minute, between the first and the last one that the service takes. */
async function rateOf(taken: Taken, count: number, start: () => { stop(): Promise<void> }): Promise<number> {
  const before = taken.at.length;
  const program = start();
  await taken.reached(before + count);
  await program.stop();
  const [first = 0, last = 0] = [taken.at[before], taken.at[before + count - 1]];
  return ((count - 1) / (last - first)) * 60_000;
}
