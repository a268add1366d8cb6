import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { clockPage, refusedMovePage } from './app/clock-page.ts';
import type { Follower } from './app/follow.ts';
import { followPage, loginsPage } from './app/follow-page.ts';
import { createPendingLogins, redeemCode } from './app/login.ts';
import { connectAsMember } from './app/own-record.ts';
import { loggedOutPage, ownRecordPage, withdrawnPage } from './app/own-record-page.ts';
import { frontPage, resultPage } from './app/pages.ts';
import { createMemberSessions } from './app/sessions.ts';
import { mostSeconds } from './clock/movable-clock.ts';
import type { StackClock } from './clock/stack-clock.ts';
import { HTML_HEADERS } from './html-page.ts';
import { readForm } from './read-form.ts';

export type AppOptions = {
  /** Listening already. */
  server: Server;
  callbackUrl: string;
  /** Where members read what is stored about them. */
  postgrestUrl: string;
  /** Where people take back their consent at the local Vipps. */
  withdrawalUrl: string;
  /** Where coordinators settle what the logins have opened. */
  deskUrl: string;
  /** What happened because of a login, as an auditor reads it. */
  follower: Follower;
  /** The time in the database. */
  clock: StackClock;
};

/** A little app that logs in as a real one would: PKCE, its own state, and the code exchanged at the callback. */
export type App = { url: string; returnTo: string; close(): Promise<void> };

/** Starts the app. */
export function startApp(options: AppOptions): App {
  const { server } = options;
  const pending = createPendingLogins();
  const sessions = createMemberSessions();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    answer(url, request, response).catch((error) => send(response, 500, String(error)));
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const returnTo = `${base}/return`;

  async function answer(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (url.pathname === '/') return send(response, 200, frontPage(options.withdrawalUrl, options.deskUrl));
    if (url.pathname === '/start') return start(url.searchParams, response);
    if (url.pathname === '/return') return finish(url.searchParams, response);
    if (url.pathname === '/clock') return clock(request, response);
    if (/^\/follow(\/|$)/.test(url.pathname)) return follow(url.pathname, response);
    return ownRecord(url, request, response);
  }

  async function ownRecord(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const accessToken = sessions.accessToken(request);
    if (accessToken === undefined) return send(response, 200, loggedOutPage());
    const me = connectAsMember(options.postgrestUrl, accessToken);
    if (url.pathname === '/me') return send(response, 200, ownRecordPage(await me.read()));
    if (url.pathname === '/me/withdraw' && isOwnPost(request))
      return send(response, 200, withdrawnPage(await me.withdraw()));
    return send(response, 404, 'Not found');
  }

  async function clock(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const known = await options.clock.read();
    if (!isOwnPost(request)) return send(response, 200, clockPage(known, await options.clock.waiting()));
    const seconds = Number((await readForm(request)).get('seconds'));
    if (known === undefined) return send(response, 409, clockPage(known, []));
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > mostSeconds)
      return send(response, 422, refusedMovePage());
    await options.clock.move(seconds);
    return send(response, 200, clockPage(await options.clock.read(), await options.clock.waiting(), seconds));
  }

  async function follow(path: string, response: ServerResponse): Promise<void> {
    const [, , first, second] = path.split('/');
    const { follower } = options;
    if (first === undefined) return send(response, 200, loginsPage(await follower.latest()));
    const login = first === 'session' ? await follower.loginOfSession(second ?? '') : first;
    const events = UUID.test(login ?? '') ? await follower.follow(login ?? '') : [];
    return send(response, events.length === 0 ? 404 : 200, followPage(events, options.deskUrl));
  }

  function start(query: URLSearchParams, response: ServerResponse): void {
    const location = loginAddress(options.callbackUrl, query, { return_to: returnTo, ...pending.begin() });
    // The provider's page reads it and has this person chosen already: cookies do not tell ports apart.
    const person = encodeURIComponent(query.get('person') ?? '');
    const cookie = `sample-person=${person}; Path=/; SameSite=Lax; HttpOnly`;
    response.writeHead(302, { location, 'set-cookie': cookie, 'cache-control': 'no-store' }).end();
  }

  async function finish(query: URLSearchParams, response: ServerResponse): Promise<void> {
    const verifier = pending.take(query.get('state') ?? '');
    if (verifier === undefined) return send(response, 400, resultPage({ status: 'refused', error: 'unknown_state' }));
    const error = query.get('error');
    const code = query.get('code') ?? '';
    const result =
      error === null ? await redeemCode(options.callbackUrl, code, verifier) : { status: 'refused' as const, error };
    if (result.status === 'logged_in') response.setHeader('set-cookie', sessions.begin(result.accessToken));
    return send(response, 200, resultPage(result));
  }

  return {
    url: base,
    returnTo,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A form of ours, and not one that a page from elsewhere has sent. */
const isOwnPost = ({ method, headers }: IncomingMessage) =>
  method === 'POST' && headers['sec-fetch-site'] !== 'cross-site';

/** Where the callback begins a login at the organisation and provider that the front page asked for. */
function loginAddress(callbackUrl: string, asked: URLSearchParams, parameters: Record<string, string>): string {
  const organization = encodeURIComponent(asked.get('organization') ?? '');
  const provider = encodeURIComponent(asked.get('provider') ?? 'vipps');
  return `${callbackUrl}/login/${organization}/${provider}?${new URLSearchParams(parameters)}`;
}

function send(response: ServerResponse, status: number, page: string): void {
  response.writeHead(status, HTML_HEADERS).end(page);
}
