import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readForm } from '../read-form.ts';
import { bankid } from './bankid.ts';
import type { LocalClient } from './client.ts';
import { createProvider, loginPath } from './create-provider.ts';
import { createDirectory } from './directory.ts';
import { idporten, TOKENINFO_PATH } from './idporten.ts';
import { answerInteraction } from './interactions.ts';
import type { Person, ProviderName } from './person.ts';
import { staff } from './staff.ts';
import { vipps } from './vipps.ts';
import type { Ways } from './ways.ts';
import { answerWithdrawal, WITHDRAWAL_PATH } from './withdrawal.ts';

export type IdentityProviderOptions = {
  /** Whose behaviour; Vipps' by default. */
  provider?: ProviderName;
  /** Those of other providers are left alone. */
  clients: readonly LocalClient[];
  /** Likewise. */
  persons: readonly Person[];
  /** 0, the default, takes a free one. */
  port?: number;
  /** False: BankID or ID-porten without pushed authorization requests (RFC 9126). */
  pushedRequests?: boolean;
};

export type IdentityProvider = {
  /** Vipps' ends with a slash, the others' do not. */
  issuer: string;
  /** Ends open connections too. */
  close(): Promise<void>;
};

const waysOf: Record<ProviderName, Ways> = { vipps, bankid, idporten, staff };

/** The issuer of a local provider. @param origin without a slash at the end */
export function issuerAt(origin: string, provider: ProviderName): string {
  return `${origin}${waysOf[provider].issuerPath}`;
}

/** Starts a provider with the behaviour of one of the three, or of an organisation's own for its staff, on the loopback address, for all organisations' clients. */
export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  const { provider: name = 'vipps' } = options;
  const server = createServer();
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = issuerAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, name);
  const ways = adjust(waysOf[name], options);
  const directory = createDirectory(name, options);
  const provider = createProvider(issuer, ways, directory);
  const protocol = provider.callback();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const path = request.url?.split('?')[0] ?? '/';
    if (path === '/livez') return response.end('ok');
    if (path === WITHDRAWAL_PATH && name === 'vipps') return answerWithdrawal(directory, request, response);
    if (path.startsWith(loginPath(ways))) return answerInteraction(provider, { ways, directory }, request, response);
    // The one path that the protocol's library does not let one choose.
    if (path === `${ways.issuerPath.replace(/\/$/, '')}/.well-known/openid-configuration`) {
      request.url = '/.well-known/openid-configuration';
      response.setHeader('cache-control', 'max-age=3600');
    }
    if (path === TOKENINFO_PATH && name === 'idporten') request.url = ways.routes.introspection ?? '';
    // The library takes forms here only with cookies that browsers refuse on http.
    if (path === ways.routes.authorization && request.method === 'POST') {
      request.url = `${path}?${await readForm(request)}`;
      request.method = 'GET';
    }
    return protocol(request, response);
  }

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response).catch((error) => response.destroy(error));
  });
  return {
    issuer,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function adjust(ways: Ways, { pushedRequests = true }: IdentityProviderOptions): Ways {
  if (pushedRequests) return ways;
  return { ...ways, offers: { ...ways.offers, pushedRequests: false } };
}
