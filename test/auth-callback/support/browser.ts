import { createHash, randomBytes } from 'node:crypto';
import type { Person } from './provider.ts';
import { returnTo, type World } from './world.ts';

/** A login that stands at the provider. */
export type Started = {
  /** The provider's address, with all the parameters. */
  address: URL;
  cookie: string;
  setCookie: string;
  appState: string;
  codeVerifier: string;
};

/** How a login ended: the answer to the callback, and what the app can read in it. */
export type Ended = {
  response: Response;
  status: number;
  location: URL | undefined;
  code: string | null;
  error: string | null;
};

export type StartOptions = { provider?: string; query?: Record<string, string | undefined>; cookie?: string };

export function startUrl(world: World, appState: string, codeVerifier: string, options: StartOptions = {}): URL {
  const url = new URL(`/login/${world.organization.slug}/${options.provider ?? world.providerName}`, world.url);
  const query = {
    return_to: returnTo,
    state: appState,
    code_challenge: createHash('sha256').update(codeVerifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...options.query,
  };
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
  return url;
}

export function get(url: URL | string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { redirect: 'manual', headers });
}

/** The app opens the browser, which is sent to the provider. */
export async function start(world: World, options: StartOptions = {}): Promise<Started> {
  const appState = `app-state-${randomBytes(8).toString('hex')}`;
  const codeVerifier = randomBytes(32).toString('base64url');
  const headers: Record<string, string> = options.cookie ? { cookie: options.cookie } : {};
  const response = await get(startUrl(world, appState, codeVerifier, options), headers);
  const setCookie = response.headers.getSetCookie().at(-1) ?? '';
  const cookie = setCookie.split(';')[0] ?? '';
  return { address: new URL(response.headers.get('location') ?? ''), cookie, setCookie, appState, codeVerifier };
}

/** The browser comes back from the provider. */
export async function comeBack(world: World, address: URL, cookie: string | undefined): Promise<Ended> {
  const response = await get(
    new URL(address.pathname + address.search, world.url),
    cookie === undefined ? {} : { cookie },
  );
  const location = response.headers.has('location') ? new URL(response.headers.get('location') ?? '') : undefined;
  const read = (name: string) => location?.searchParams.get(name) ?? null;
  return { response, status: response.status, location, code: read('code'), error: read('error') };
}

/** Everything of an answer that could tell two logins apart: status, address, headers and body, without what is random in each. */
export async function shapeOf({ response, location, code, appState }: Ended & Started): Promise<string> {
  const headers = [...response.headers]
    .filter(([name]) => !['date', 'location', 'x-request-id'].includes(name))
    .map(([name, value]) => [name, value.replace(/__Host-login-[\w-]{16}=/, '__Host-login=')]);
  const address = location?.href.replace(appState, '').replace(code ?? 'no code', 'x'.repeat(code?.length ?? 0));
  return JSON.stringify([response.status, address, headers, await response.text()]);
}

/** What `/token` answers when all is well. */
export type Tokens = {
  access_token: string;
  token_type: string;
  expires_in: number;
  refresh_token: string;
  user: { id: string };
};

export async function tokensOf(response: Response): Promise<Tokens> {
  return (await response.json()) as Tokens;
}

/** A whole login. */
export async function logIn(
  world: World,
  person: Person = world.person,
  options: StartOptions = {},
): Promise<Ended & Started> {
  const started = await start(world, options);
  const ended = await comeBack(world, world.provider.authorize(started.address, person), started.cookie);
  return { ...started, ...ended };
}

export function token(
  world: World,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${world.url}/token`, { method: 'POST', body: new URLSearchParams(form), headers });
}
