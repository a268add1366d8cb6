import type { MiddlewareHandler } from 'hono';
import type { AppEnv, Place, TurnAway } from './request-context.ts';

/** Whose share of the places was used up; `places`: there was none left at all. */
type Share = 'places' | 'route' | 'provider' | 'address';

/** Counts requests that did not get what they needed: a place, their share of them, or time for their body. */
export interface TurnedAwayCounter {
  turnedAway(labels: { share: Share | 'body' }): void;
}

export interface Places {
  /** @returns the place, or whose share is used up */
  take(route: string, address: string): Place | Share;
  /** Whose shares are used up at this moment, of any route, provider or address. */
  full(): Share[];
}

/** What a route or a provider may hold for each place that is free. */
const perFreePlace = { route: 8, provider: 1 } as const;

/**
 * Shares out the places for requests under way. A route or a provider gets another place only while it holds fewer than a multiple of
 * what is free: however many of them hang, some are left for the others, and where nobody else comes one may have most of them. With
 * 1000 places one hanging provider holds 500, two hold 333 each.
 *
 * @param options.capacity places
 * @param options.perAddress how many of them one address may hold
 */
export function createPlaces({ capacity, perAddress }: { capacity: number; perAddress: number }): Places {
  const held = {
    route: new Map<string, number>(),
    provider: new Map<string, number>(),
    address: new Map<string, number>(),
  };
  let taken = 0;

  function isFull(share: keyof typeof held, name: string): boolean {
    const most = share === 'address' ? perAddress : Math.max(1, perFreePlace[share] * (capacity - taken));
    return (held[share].get(name) ?? 0) >= most;
  }

  function add(share: keyof typeof held, name: string, count: 1 | -1): void {
    const sum = (held[share].get(name) ?? 0) + count;
    if (sum === 0) held[share].delete(name);
    else held[share].set(name, sum);
  }

  function sit(route: string, address: string): Place {
    const shares: [keyof typeof held, string][] = [
      ['route', route],
      ['address', address],
    ];
    taken += 1;
    for (const [share, name] of shares) add(share, name, 1);
    return {
      waitFor(issuer) {
        if (isFull('provider', issuer)) return false;
        shares.push(['provider', issuer]);
        add('provider', issuer, 1);
        return true;
      },
      leave() {
        taken -= 1;
        for (const [share, name] of shares) add(share, name, -1);
      },
    };
  }

  return {
    take(route, address) {
      if (taken >= capacity) return 'places';
      if (isFull('route', route)) return 'route';
      return isFull('address', address) ? 'address' : sit(route, address);
    },
    full() {
      const shares = (['route', 'provider', 'address'] as const).filter((share) =>
        held[share].keys().some((name) => isFull(share, name)),
      );
      return taken >= capacity ? ['places', ...shares] : shares;
    },
  };
}

/**
 * Beyond what the process can carry, and beyond the share of a route or an address, a quick 503 is kinder than a slow answer for
 * everybody. Comes after the body: a client that is slow in sending it holds no place.
 */
export function enterPlace(
  places: Places,
  metrics: TurnedAwayCounter,
  route: string,
  turnAway: TurnAway,
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const place = places.take(route, c.var.address);
    if (typeof place === 'string') {
      metrics.turnedAway({ share: place });
      return turnAway(c, 503, 1);
    }
    c.set('place', place);
    try {
      return await next();
    } finally {
      place.leave();
    }
  };
}
