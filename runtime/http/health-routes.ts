import type { Hono } from 'hono';
import type { RequestMetrics } from './observe-requests.ts';
import type { Places } from './places.ts';
import { requireToken } from './protection.ts';
import type { Readiness } from './readiness.ts';
import type { AppEnv } from './request-context.ts';

interface HealthOptions {
  readiness: Readiness;
  metrics: RequestMetrics;
  /** Undefined: there is no `/metrics`. */
  metricsToken: string | undefined;
  places: Places;
}

/**
 * `/livez`, `/readyz` and `/metrics`. Before the limits: whoever watches over the process must get an answer when it is busiest. Without
 * a free place nothing more should be sent here; where only a share is used up, the others are served as ever.
 */
export function addHealthRoutes(app: Hono<AppEnv>, { readiness, metrics, metricsToken, places }: HealthOptions): void {
  app.get('/livez', (c) => c.json({ status: 'live' }));
  app.get('/readyz', async (c) => {
    const isReady = await readiness.isReady();
    const full = places.full();
    const told = full.length === 0 ? {} : { full };
    if (isReady && !full.includes('places')) return c.json({ status: 'ready', ...told });
    return c.json({ status: 'not_ready', ...told }, 503);
  });
  if (metricsToken === undefined) return;
  app.get('/metrics', requireToken(metricsToken), async (c) => {
    c.header('content-type', metrics.contentType);
    return c.body(await metrics.text());
  });
}
