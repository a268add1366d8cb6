import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { respond } from '../member-system/respond.ts';
import { createIssuerAccount, type InvoiceRequestEvent, type IssuerAccount, type LocalIssuer } from './organization.ts';

/** What the server needs. */
export interface InvoiceServiceOptions {
  /** By organisation slug. */
  readonly issuers: Readonly<Record<string, IssuerAccount>>;
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly log?: (event: InvoiceRequestEvent & { readonly organization: string }) => void;
}

/** A listening server. */
export interface LocalInvoiceService {
  /** Without a slash at the end. */
  readonly url: string;
  issuer(slug: string): LocalIssuer;
  /** Ends hanging requests too. */
  close(): Promise<void>;
}

/** Starts the service with empty books. */
export async function createInvoiceService(options: InvoiceServiceOptions): Promise<LocalInvoiceService> {
  const issuers = new Map(
    Object.entries(options.issuers).map(([slug, account]) => {
      const log = (event: InvoiceRequestEvent): void => options.log?.({ organization: slug, ...event });
      return [slug, createIssuerAccount(account, log)];
    }),
  );
  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, slug, path] = /^\/([a-z0-9-]+)(\/[^?#]*)/.exec(request.url ?? '') ?? [];
    const issuer = issuers.get(slug ?? '');
    if (issuer === undefined) return respond(response, 404, { code: 'not_found' });
    await issuer.handle(request, response, path ?? '/');
  };
  const server = createServer((request, response) => {
    // A sender that goes away while its request is read is no fault of this server.
    route(request, response).catch(() => response.destroy());
  });
  const host = options.host ?? '127.0.0.1';
  server.listen(options.port ?? 0, host);
  await once(server, 'listening');
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    issuer(slug) {
      const found = issuers.get(slug);
      if (found === undefined) throw new Error('no such organisation');
      return found;
    },
    async close() {
      const closed = once(server, 'close');
      for (const issuer of issuers.values()) issuer.close();
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
