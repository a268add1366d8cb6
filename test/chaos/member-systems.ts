import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readObject, respond } from '../../local/member-system/respond.ts';
import { resetSocket } from '../support/reset-socket.ts';
import type { Chance } from './random.ts';

/** How a request is treated. Those that begin with `applied_` make the change first: the sender cannot know. */
const treatments = {
  ok: 60,
  error_500: 7,
  reset: 5,
  hang: 3,
  too_many: 4,
  applied_reset: 6,
  applied_hang: 4,
  applied_drip: 3,
  applied_endless: 3,
  applied_then_cut: 3,
  accepted: 5,
} as const;
type Treatment = keyof typeof treatments;

/** What member systems hold and have seen, by organisation. */
export interface MemberSystems {
  readonly url: string;
  /** The number over there, null: removed, undefined: never heard of. */
  valueOf(organization: string, externalId: string): string | null | undefined;
  /** Changes made for a key. */
  readonly effects: ReadonlyMap<string, number>;
  /** Requests whose key had been used with another value or member. Must stay empty. */
  readonly mixedUp: string[];
  readonly counts: Map<string, number>;
  requests(): number;
  /** From now on every request is treated well. */
  calm(): void;
  /** An organisation's member system answers nothing at all, or again. */
  setDead(organization: string, dead: boolean): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param onCut called right after an answer has left, to cut the worker's database connections before it can report */
export async function startMemberSystems(chance: Chance, onCut: () => void): Promise<MemberSystems> {
  const values = new Map<string, string | null>();
  const payloads = new Map<string, string>();
  const effects = new Map<string, number>();
  const accepted = new Map<string, { asked: number; key: string; member: string; value: string | null }>();
  const counts = new Map<string, number>();
  const mixedUp: string[] = [];
  const dead = new Set<string>();
  let wild = true;
  let requests = 0;

  /** Makes a change once per key, as every member system must that takes idempotency keys. */
  function apply(key: string, member: string, value: string | null): void {
    const payload = JSON.stringify([member, value]);
    const before = payloads.get(key);
    if (before !== undefined) {
      if (before !== payload) mixedUp.push(key);
      return;
    }
    payloads.set(key, payload);
    effects.set(key, (effects.get(key) ?? 0) + 1);
    values.set(member, value);
  }

  /** What was taken in is carried out in the order in which it came. */
  function carryOut(member: string): void {
    for (const [id, waiting] of accepted) {
      if (waiting.member !== member) continue;
      apply(waiting.key, waiting.member, waiting.value);
      accepted.delete(id);
    }
  }

  function answerStatus(id: string, response: ServerResponse): void {
    const waiting = accepted.get(id);
    if (waiting !== undefined) waiting.asked += 1;
    if (waiting?.asked === 1 && wild) {
      respond(response, 202, { status: 'running' }, { 'retry-after': '1' });
      return;
    }
    if (waiting !== undefined) carryOut(waiting.member);
    respond(response, 200, { status: 'succeeded' });
  }

  function drip(response: ServerResponse, size: number, everyMs: number): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => {
      // Also when the sender was gone before the answer began.
      if (response.destroyed) clearInterval(timer);
      else response.write('x'.repeat(size));
    }, everyMs);
  }

  function answer(
    treatment: Treatment,
    key: string,
    organization: string,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    switch (treatment) {
      case 'error_500':
        return respond(response, 500, { code: 'internal_error' });
      case 'too_many':
        return respond(response, 429, {}, { 'retry-after': chance.pick(['0', '1', '2', 'soon']) });
      case 'reset':
      case 'applied_reset':
        return void resetSocket(request.socket);
      case 'applied_drip':
        return drip(response, 1, 100);
      case 'applied_endless':
        return drip(response, 65_536, 1);
      case 'accepted':
        return respond(response, 202, {}, { location: `/${organization}/status/${key}`, 'retry-after': '1' });
      case 'applied_then_cut':
        response.on('finish', onCut);
        return respond(response, 200, {});
      case 'ok':
        return respond(response, 200, {});
      case 'hang':
      case 'applied_hang':
        return undefined;
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, organization = '', rest = ''] = /^\/([a-z]+)\/(.*)$/.exec(request.url ?? '') ?? [];
    if (dead.has(organization)) return;
    const status = /^status\/(.+)$/.exec(rest)?.[1];
    if (status !== undefined) return answerStatus(status, response);
    const body = await readObject(request);
    const externalId = decodeURIComponent(/^members\/([^/]+)\/personnummer$/.exec(rest)?.[1] ?? '');
    const key = request.headers['idempotency-key']?.toString() ?? '';
    const value = ((body && Reflect.get(body, 'personnummer')) ?? null) as string | null;
    const member = `${organization} ${externalId}`;
    requests += 1;
    const treatment = wild ? chance.weigh(treatments) : 'ok';
    counts.set(treatment, (counts.get(treatment) ?? 0) + 1);
    if (treatment === 'ok' || treatment.startsWith('applied_')) {
      carryOut(member);
      apply(key, member, value);
    }
    if (treatment === 'accepted' && !payloads.has(key)) accepted.set(key, { asked: 0, key, member, value });
    answer(treatment, key, organization, request, response);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    valueOf: (organization, externalId) => values.get(`${organization} ${externalId}`),
    effects,
    mixedUp,
    counts,
    requests: () => requests,
    calm() {
      wild = false;
      dead.clear();
    },
    setDead(organization, isDead) {
      if (isDead) dead.add(organization);
      else dead.delete(organization);
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
