import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerLogin } from './answer-login.ts';
import type { Person } from './person.ts';
import { createVipps, ISSUER_PATH, type SalesUnit } from './vipps.ts';

export type IdentityProviderOptions = {
  units: readonly SalesUnit[];
  persons: readonly Person[];
  /** 0, the default, takes a free one. */
  port?: number;
};

export type IdentityProvider = {
  /** With a slash at the end, as Vipps' is. */
  issuer: string;
  /** Ends open connections too. */
  close(): Promise<void>;
};

/** Starts a provider with Vipps' behaviour on the loopback address, for all organisations' sales units. */
export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  const server = createServer();
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}${ISSUER_PATH}`;
  const vipps = createVipps(issuer, options.units, options.persons);
  const protocol = vipps.callback();

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/livez') return void response.end('ok');
    if (request.url?.startsWith(`${ISSUER_PATH}login/`)) {
      return void answerLogin(vipps, options, request, response);
    }
    // The one path that the protocol's library does not let one choose.
    if (request.url === `${ISSUER_PATH}.well-known/openid-configuration`) {
      request.url = '/.well-known/openid-configuration';
      response.setHeader('cache-control', 'max-age=3600');
    }
    return void protocol(request, response);
  });
  return {
    issuer,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
