import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { TurnedAwayCounter } from './places.ts';
import type { AppContext, AppEnv } from './request-context.ts';

/** How a body did not come: too slowly, or it made room for others'. */
type Missed = 'late' | 'crowded_out';

/** Where requests wait whose bodies are on their way. */
interface BodyRoom {
  /** @param receiving settles when the body is there */
  wait<Result>(address: string, receiving: Promise<Result>): Promise<Result | Missed>;
}

/**
 * Bodies have a short time of their own. Where more are on their way than there is room for, the one that has been on its way longest
 * gives up its room, of the address that has most of them: an honest body is there within moments, so it is never an honest one.
 *
 * @param options.timeMs for a whole body; the longest takes a fraction of it on the slowest line
 * @param options.most bodies on their way at once
 */
export function createBodyRoom({ timeMs = 5_000, most = 1_000 } = {}): BodyRoom {
  // By address, the oldest first.
  const waiting = new Map<string, Set<(missed: Missed) => void>>();
  let count = 0;

  function showOut(): void {
    const [crowd] = [...waiting.values()].sort((one, other) => other.size - one.size);
    const [oldest] = crowd ?? [];
    oldest?.('crowded_out');
  }

  return {
    async wait(address, receiving) {
      if (count >= most) showOut();
      const { promise: missed, resolve } = Promise.withResolvers<Missed>();
      const same = waiting.get(address) ?? new Set();
      const leave = () => {
        clearTimeout(timer);
        if (!same.delete(giveUp)) return;
        count -= 1;
        if (same.size === 0) waiting.delete(address);
      };
      const giveUp = (how: Missed) => {
        leave();
        resolve(how);
      };
      const timer = setTimeout(giveUp, timeMs, 'late');
      waiting.set(address, same.add(giveUp));
      count += 1;
      try {
        return await Promise.race([receiving, missed]);
      } finally {
        leave();
      }
    },
  };
}

/**
 * Receives the whole body before anything else is done for the request; handlers find it with `c.req.text()`. 408 when it does not
 * come in time.
 *
 * @param limit the longest body, and the answer to a longer one
 */
export function receiveBody(
  room: BodyRoom,
  metrics: TurnedAwayCounter,
  limit: { maxSize: number; onError: (c: AppContext) => Response | Promise<Response> },
): MiddlewareHandler<AppEnv> {
  const limited = bodyLimit({ maxSize: limit.maxSize, onError: (c) => limit.onError(c as AppContext) });
  return async (c, next) => {
    const receiving = Promise.resolve(limited(c, async () => void (await c.req.text())));
    // A client that goes away meanwhile hears no answer, and is no fault of ours.
    const received = await room.wait(
      c.var.address,
      receiving.catch(() => 'cut_off' as const),
    );
    if (received === undefined) return next();
    if (received instanceof Response) return received;
    metrics.turnedAway({ share: 'body' });
    c.var.log.debug({ event: 'body_missed', code: received }, 'the body did not come');
    c.header('connection', 'close');
    return c.text('Request timeout\n', 408);
  };
}
