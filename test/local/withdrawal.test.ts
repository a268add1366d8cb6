import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UnsecuredJWT } from 'jose';
import { test } from 'vitest';
import { subjectAt } from '../../local/identity-provider/person.ts';
import { revocationNotice } from '../../local/identity-provider/withdrawal.ts';
import { startIdentityProvider } from '../../local/identity-provider.ts';
import { agreement, somebody } from './support/relying-party.ts';

test('the notice is Vipps’ documented one: two segments, a line feed after the header, no signature', () => {
  const notice = revocationNotice('somebody', 1_700_000_000);
  const [header = '', payload = '', ...rest] = notice.split('.');
  assert.deepEqual(rest, []);
  assert.equal(Buffer.from(header, 'base64url').toString(), '{"alg":"none"}\n');
  assert.deepEqual(JSON.parse(Buffer.from(payload, 'base64url').toString()), {
    exp: 1_700_000_300,
    iat: 1_700_000_000,
    nbf: 1_700_000_000,
    sub: 'somebody',
    event: 'CONSENT_REVOKED',
  });
  assert.throws(() => UnsecuredJWT.decode(notice));
});

test('withdrawing consent posts the notice to the organisation’s webhook and shows what it answered', async () => {
  const received: { url: string | undefined; type: string | undefined; body: string }[] = [];
  const webhook = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.push({ url: request.url, type: request.headers['content-type'], body });
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(webhook, 'listening');
  const webhookUrl = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/webhooks/one/vipps/secret`;
  const client = agreement('vipps', { webhookUrl });
  const provider = await startIdentityProvider({ clients: [client], persons: [somebody('vipps')] });
  try {
    const url = new URL('/withdraw-consent', provider.issuer);
    assert.match(await (await fetch(url)).text(), /<button class="quiet" name="person" value="one-sample">/);
    const answer = await fetch(url, { method: 'POST', body: new URLSearchParams({ person: 'one-sample' }) });
    assert.match(await answer.text(), /Its webhook answered <code>204<\/code>/);
    const unknown = await fetch(url, { method: 'POST', body: new URLSearchParams({ person: 'nobody' }) });
    assert.equal(unknown.status, 422);
  } finally {
    await provider.close();
    webhook.close();
  }
  assert.equal(received.length, 1);
  assert.deepEqual([received[0]?.url, received[0]?.type], ['/webhooks/one/vipps/secret', 'text/plain']);
  const payload = JSON.parse(Buffer.from(received[0]?.body.split('.')[1] ?? '', 'base64url').toString());
  assert.equal(payload.sub, subjectAt('client-one', 'one-sample'));
});
