import { serve } from '../../runtime/servers.ts';

/** What stands before a project's API, as far as `supabase:check` asks it. */
export interface Gateway extends AsyncDisposable {
  url: string;
  /** What `/auth/v1/settings` answers; undefined: 404. */
  auth: { disable_signup: boolean; external: Record<string, boolean> } | undefined;
  /** Instead of PostgREST, for a schema. */
  answers: Map<string, { status: number; body: unknown }>;
}

/** Plain PostgREST lacks the prefix and the key that Supabase's gateway asks for. */
export async function startGateway(postgrestUrl: string, apiKey: string): Promise<Gateway> {
  const gateway = { auth: { disable_signup: true, external: {} }, answers: new Map() } as unknown as Gateway;
  const server = await serve(async (request, response) => {
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const { pathname, search } = new URL(request.url ?? '', 'http://gateway');
    const { apikey, authorization, ...headers } = request.headers;
    if (apikey !== apiKey) return answer(401, { message: 'Invalid API key' });
    if (pathname === '/auth/v1/settings') return answer(gateway.auth === undefined ? 404 : 200, gateway.auth ?? {});
    const instead = gateway.answers.get(String(headers['accept-profile']));
    if (instead !== undefined) return answer(instead.status, instead.body);
    const found = await fetch(`${postgrestUrl}/${pathname.replace('/rest/v1/', '')}${search}`, {
      headers: {
        'accept-profile': String(headers['accept-profile']),
        ...(authorization === undefined ? {} : { authorization }),
      },
    });
    return answer(found.status, await found.json());
  });
  return Object.assign(gateway, { url: server.url, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() });
}
