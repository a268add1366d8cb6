import type { Hono } from 'hono';
import type { Assets } from './assets.ts';
import type { DeskEnv } from './desk-context.ts';

/** Under the digest of today's files; yesterday's is a 404, so that nothing wrong is ever kept under it. */
export function addAssets(app: Hono<DeskEnv>, assets: Assets): void {
  app.get('/assets/:digest/:name{.+}', (c) => {
    const asset = assets.find(c.req.param('digest'), c.req.param('name'));
    if (asset === undefined) return c.notFound();
    c.header('cache-control', 'public, max-age=31536000, immutable');
    c.header('content-type', asset.type);
    c.header('vary', 'accept-encoding');
    const { brotli, body } = asset;
    if (brotli === undefined || !/\bbr\b/.test(c.req.header('accept-encoding') ?? '')) return c.body(body);
    c.header('content-encoding', 'br');
    return c.body(brotli);
  });
}
