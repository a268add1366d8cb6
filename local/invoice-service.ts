/**
 * The invoice service of the local stack, which behaves as Vipps documents theirs (docs/invoices.md): one HTTP server, one service per
 * organisation under `/{organization}`, in both shapes of the interface.
 *
 * `POST /{organization}/accesstoken/get` gives an access token, `POST .../v2/recipients/token/unique`, `.../recipient-data` and
 * `.../recipients/tokens` an issue-token, `PUT .../v2/invoices/{name}` and `.../invoices/{name}` take an invoice. `GET` and
 * `POST /{organization}/control` with `{"mode": "..."}` are for looking and playing; they are open, because it listens on loopback only.
 */
import { main } from './invoice-service/main.ts';

export { createInvoiceService, type LocalInvoiceService } from './invoice-service/server.ts';

if (import.meta.main) await main();
