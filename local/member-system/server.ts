import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOrganization, type Organization, type RequestEvent } from './organization.ts';
import { respond } from './respond.ts';

/** What the server needs. */
export interface MemberSystemOptions {
  /** The worker's bearer token by organisation slug. */
  readonly tokens: Readonly<Record<string, string>>;
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** One event per request to change a member. Never a number. */
  readonly log?: (event: RequestEvent & { readonly organization: string }) => void;
}

/** A listening server. */
export interface MemberSystem {
  /** Without a slash at the end. */
  readonly url: string;
  organization(slug: string): Organization;
  /** Ends hanging requests too. */
  close(): Promise<void>;
}

async function route(
  organizations: ReadonlyMap<string, Organization>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, slug, path] = /^\/([a-z0-9-]+)(\/[^?#]*)/.exec(request.url ?? '') ?? [];
  const organization = organizations.get(slug ?? '');
  if (organization === undefined) return respond(response, 404, { code: 'not_found' });
  await organization.handle(request, response, path ?? '/');
}

function listen(organizations: ReadonlyMap<string, Organization>): Server {
  return createServer((request, response) => {
    // A sender that goes away while its request is read is no fault of this server.
    route(organizations, request, response).catch(() => response.destroy());
  });
}

/** Starts the server with empty, well-behaving member systems. */
export async function createMemberSystem(options: MemberSystemOptions): Promise<MemberSystem> {
  const organizations = new Map(
    Object.entries(options.tokens).map(([slug, token]) => {
      const log = (event: RequestEvent): void => options.log?.({ organization: slug, ...event });
      return [slug, createOrganization({ token, log })];
    }),
  );
  const server = listen(organizations);
  const host = options.host ?? '127.0.0.1';
  server.listen(options.port ?? 0, host);
  await once(server, 'listening');
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    organization(slug) {
      const found = organizations.get(slug);
      if (found === undefined) throw new Error('no such organisation');
      return found;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
