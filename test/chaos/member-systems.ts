import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readObject, respond } from '../../local/member-system/respond.ts';
import { createAnswer } from './member-systems/answer.ts';
import { type Change, createHoldings } from './member-systems/holdings.ts';
import { createTemper } from './member-systems/temper.ts';
import type { Chance } from './random.ts';

/** What member systems hold and have seen, by organisation. */
export interface MemberSystems {
  readonly url: string;
  /** The number over there, null: removed, undefined: never heard of. */
  valueOf(organization: string, externalId: string): string | null | undefined;
  /** Changes made for a key. */
  readonly effects: ReadonlyMap<string, number>;
  /** Requests whose key had been used with another value or member. Must stay empty. */
  readonly mixedUp: readonly string[];
  /** How often requests were treated in each way. */
  readonly counts: ReadonlyMap<string, number>;
  requests(): number;
  /** From now on every request is treated well. */
  calm(): void;
  /** An organisation's member system answers nothing at all, or again. */
  setDead(organization: string, dead: boolean): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param onCut called right after an answer has left, to cut the worker's database connections before it can report */
export async function startMemberSystems(chance: Chance, onCut: () => void): Promise<MemberSystems> {
  const holdings = createHoldings();
  const temper = createTemper(chance);
  const answer = createAnswer(chance, onCut);

  function answerStatus(key: string, response: ServerResponse): void {
    const waiting = holdings.askAfter(key);
    if (waiting?.asked === 1 && temper.isWild()) {
      respond(response, 202, { status: 'running' }, { 'retry-after': '1' });
      return;
    }
    if (waiting !== undefined) holdings.carryOut(waiting.member);
    respond(response, 200, { status: 'succeeded' });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, organization = '', rest = ''] = /^\/([a-z]+)\/(.*)$/.exec(request.url ?? '') ?? [];
    if (temper.isDead(organization)) return;
    const status = /^status\/(.+)$/.exec(rest)?.[1];
    if (status !== undefined) return answerStatus(status, response);
    const change = await readChange(request, organization, rest);
    const treatment = temper.choose();
    if (treatment === 'ok' || treatment.startsWith('applied_')) {
      holdings.carryOut(change.member);
      holdings.apply(change);
    }
    if (treatment === 'accepted') holdings.accept(change);
    answer(treatment, `/${organization}/status/${change.key}`, request, response);
  }

  return {
    ...(await serve(handle)),
    effects: holdings.effects,
    mixedUp: holdings.mixedUp,
    counts: temper.counts,
    requests: temper.requests,
    calm: temper.calm,
    setDead: temper.setDead,
    valueOf: (organization, externalId) => holdings.valueOf(memberOf(organization, externalId)),
  };
}

const memberOf = (organization: string, externalId: string) => `${organization} ${externalId}`;

async function readChange(request: IncomingMessage, organization: string, path: string): Promise<Change> {
  const body = await readObject(request);
  const externalId = decodeURIComponent(/^members\/([^/]+)\/personnummer$/.exec(path)?.[1] ?? '');
  const key = request.headers['idempotency-key']?.toString() ?? '';
  const value = ((body && Reflect.get(body, 'personnummer')) ?? null) as string | null;
  return { key, member: memberOf(organization, externalId), value };
}

/** Listens on the loopback address; a request that cannot be handled loses its connection. */
async function serve(handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>) {
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
