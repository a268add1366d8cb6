import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'vitest';
import { startWorld } from '../support/world.ts';

// curl, proxies and streams send bodies in chunks, or none and no length either.

function postInChunks(url: string, chunks: string[], headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: { 'transfer-encoding': 'chunked', ...headers } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.on('error', reject);
    for (const chunk of chunks) sent.write(chunk);
    sent.end();
  });
}

test('a body in chunks is read like any other, and one that is not there is empty', async () => {
  const slug = 'in-chunks';
  await using world = await startWorld({
    organization: { slug },
    environment: { OIDC_WEBHOOK_SECRET_IN_CHUNKS: 'a-secret-of-the-test' },
  });
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  assert.equal(await postInChunks(`${world.url}/token`, ['grant_type=authorization_code', '&code=x'], form), 400);
  assert.equal(await postInChunks(`${world.url}/token`, [], form), 400);
  assert.equal(await postInChunks(`${world.url}/link`, []), 401);
  const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(Date.now() / 1000);
  const payload = { iat, nbf: iat, exp: iat + 300, sub: 'somebody', event: 'CONSENT_REVOKED' };
  const notice = [segment({ alg: 'none', typ: 'JWT' }), '.', segment(payload)];
  assert.equal(await postInChunks(`${world.url}/webhooks/${slug}/vipps/a-secret-of-the-test`, notice), 204);
});
