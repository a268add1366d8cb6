import assert from 'node:assert/strict';
import type { OpenDesk } from './open-desk.ts';

/** Signs in without a browser, by following the redirects; answers the session's cookie. */
export async function signedInCookie(desk: OpenDesk): Promise<string> {
  const started = await fetch(`${desk.url}/sign-in/${desk.callback.organization.slug}`, { redirect: 'manual' });
  const [transaction = ''] = started.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
  const authorized = await fetch(started.headers.get('location') ?? '', { redirect: 'manual' });
  const back = await fetch(authorized.headers.get('location') ?? '', {
    redirect: 'manual',
    headers: { cookie: transaction },
  });
  assert.equal(back.status, 303, await back.text());
  const [session] = back.headers
    .getSetCookie()
    .map((line) => line.split(';')[0] ?? '')
    .filter((pair) => pair.startsWith('__Host-desk-session='));
  assert.ok(session);
  return session;
}
