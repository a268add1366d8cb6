import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Applied, createMembers, type Members } from './members.ts';
import { isMode, type Mode, modes } from './modes.ts';
import { readObject, respond } from './respond.ts';

/** What one organisation's member system needs. */
export interface OrganizationOptions {
  /** The worker's bearer token. */
  readonly token: string;
  /** One event per request. Never a number. */
  readonly log?: (event: RequestEvent) => void;
}

/** What may be logged about a request. */
export interface RequestEvent {
  readonly method: string;
  readonly externalId: string;
  readonly idempotencyKey: string | null;
  readonly mode: Mode;
  readonly answer: string;
}

/** One organisation's member system. */
export interface Organization {
  readonly members: Members;
  /** Requests to change a member, answered or not. */
  requests(): number;
  mode(): Mode;
  setMode(mode: Mode): void;
  /** @param path the request's path within this organisation, percent-encoded as it came */
  handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void>;
}

interface State {
  readonly members: Members;
  readonly options: OrganizationOptions;
  mode: Mode;
  requests: number;
}

function authorized(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** Statuses that are not 200. A change that is older than what is here counts as made: 409 with the code `already_applied`. */
const STATUSES: Partial<Record<Applied, number>> = { key_used_for_another_request: 422, already_applied: 409 };

function change(state: State, { headers }: IncomingMessage, externalId: string, body: object | undefined) {
  const key = headers['idempotency-key']?.toString();
  const personnummer: unknown = body && Reflect.get(body, 'personnummer');
  if (key === undefined || key === '') return { status: 400, code: 'idempotency_key_missing' };
  // null removes the number.
  const wellFormed = personnummer === null || (typeof personnummer === 'string' && /^[0-9]{11}$/.test(personnummer));
  if (!wellFormed) return { status: 422, code: 'malformed' };
  const applied = state.members.apply(key, externalId, personnummer, headers['change-made-at']?.toString());
  return { status: STATUSES[applied] ?? 200, code: applied };
}

/** Misbehaves as told. Returns what it did, or null when the request is to be treated well. */
function misbehave(mode: Mode, request: IncomingMessage, response: ServerResponse): string | null {
  switch (mode) {
    case 'down':
      request.socket.destroy();
      return 'connection broken';
    case 'hang':
    case 'apply_then_hang':
      return 'no answer';
    case 'error_500':
      respond(response, 500, { code: 'internal_error' });
      return '500';
    case 'reject_422':
      respond(response, 422, { code: 'refused' });
      return '422';
    case 'too_many':
      respond(response, 429, { code: 'too_many_requests' }, { 'retry-after': '1' });
      return '429';
    case 'maintenance':
      response.writeHead(302, { location: '/maintenance.html' }).end();
      return '302';
    default:
      return null;
  }
}

async function putPersonnummer(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
  externalId: string,
): Promise<void> {
  const { mode } = state;
  const key = request.headers['idempotency-key']?.toString();
  const tell = (answer: string): void =>
    state.options.log?.({ method: request.method ?? '', externalId, idempotencyKey: key ?? null, mode, answer });
  state.requests += 1;
  if (!authorized(request, state.options.token)) {
    respond(response, 401, { code: 'unauthorized' }, { 'www-authenticate': 'Bearer' });
    return tell('401');
  }
  const body = await readObject(request);
  if (mode === 'apply_then_hang') change(state, request, externalId, body);
  const misdeed = misbehave(mode, request, response);
  if (misdeed !== null) return tell(misdeed);
  const { status, code } = change(state, request, externalId, body);
  respond(response, status, { code });
  tell(`${status} ${code}`);
}

/** Our programs come with credentials to read, too; whoever comes without only wants to see what is there. */
function refuses(state: State, request: IncomingMessage, response: ServerResponse): boolean {
  if (!authorized(request, state.options.token)) {
    respond(response, 401, { code: 'unauthorized' }, { 'www-authenticate': 'Bearer' });
    return true;
  }
  return state.mode !== 'reject_422' && misbehave(state.mode, request, response) !== null;
}

async function control(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'POST') {
    const body = await readObject(request);
    const wanted: unknown = body && Reflect.get(body, 'mode');
    if (!isMode(wanted)) return respond(response, 400, { code: 'unknown_mode', modes });
    state.mode = wanted;
  }
  respond(response, 200, { mode: state.mode, requests: state.requests, effects: state.members.effects() });
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
  if (path === '/control') return await control(state, request, response);
  const [, rawId, leaf] = /^\/members\/([^/]+)(\/personnummer)?$/.exec(path) ?? [];
  const externalId = decode(rawId);
  if (externalId === null) return respond(response, 404, { code: 'not_found' });
  if (leaf !== undefined && (request.method === 'PUT' || request.method === 'PATCH')) {
    return await putPersonnummer(state, request, response, externalId);
  }
  if (request.headers.authorization !== undefined && refuses(state, request, response)) return;
  const member = leaf === undefined && request.method === 'GET' ? state.members.find(externalId) : undefined;
  return member === undefined ? respond(response, 404, { code: 'not_found' }) : respond(response, 200, member);
}

function decode(text: string | undefined): string | null {
  try {
    return text === undefined ? null : decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Creates the member system of one organisation: empty and behaving well. */
export function createOrganization(options: OrganizationOptions): Organization {
  const state: State = { members: createMembers(), options, mode: 'ok', requests: 0 };
  return {
    members: state.members,
    requests: () => state.requests,
    mode: () => state.mode,
    setMode(mode) {
      state.mode = mode;
    },
    handle: (request, response, path) => handle(state, request, response, path),
  };
}
