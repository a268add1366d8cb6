import { readEnvironment } from '../../runtime/environment.ts';
import { exitOnFatalErrors } from '../../runtime/fatal-errors.ts';
import { createLogger } from '../../runtime/logger.ts';
import { stopOnSignals } from '../../runtime/stop-signals.ts';
import { sampleIssuers, sampleRecipients } from '../sample-data/issuers.ts';
import { createInvoiceService } from './server.ts';

/** Runs the service as a program, for the sample organisations. Settings: an `INVOICE_<SLUG>_SECRET` for each, `HOST`, `PORT`. */
export async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const issuers = Object.fromEntries(
    sampleIssuers.map(({ organization, organizationNumber, clientId, secretVariable }) => [
      organization,
      {
        organizationNumber,
        clientId,
        clientSecret: environment.required(secretVariable),
        recipients: sampleRecipients(organization),
      },
    ]),
  );
  const port = environment.integer('PORT', { min: 0, max: 65_535 });
  const host = environment.optional('HOST', '127.0.0.1');
  environment.finish();

  const log = createLogger({ name: 'invoice-service', level: 'info' });
  exitOnFatalErrors(log);
  const service = await createInvoiceService({ issuers, host, port, log: (event) => log.info(event, 'request') });
  stopOnSignals({ log, steps: [{ name: 'http', stop: () => service.close() }] });
  log.info({ url: service.url }, 'listening');
}
