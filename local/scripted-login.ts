import { createHash, randomBytes } from 'node:crypto';
import { type LoginResult, redeemCode } from './app/redeem-code.ts';
import { openBrowser } from './browser.ts';

export type ScriptedLogin = {
  callbackUrl: string;
  organization: string;
  provider: string;
  returnTo: string;
  /** Id of the person to choose at the local provider. */
  person: string;
};

/**
 * Logs a person in over HTTP as an app with a browser would: start, the provider's page, callback, token.
 * Throws an Error where the flow breaks off in any other way than with an answer for the app.
 */
export async function logIn(login: ScriptedLogin): Promise<LoginResult> {
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  const answer = await visitProvider(login, state, createHash('sha256').update(verifier).digest('base64url'));
  if (answer.get('state') !== state) throw new Error('the answer has another state');
  const error = answer.get('error');
  if (error !== null) return { status: 'refused', error };
  return redeemCode(login.callbackUrl, answer.get('code') ?? '', verifier);
}

async function visitProvider(login: ScriptedLogin, state: string, challenge: string): Promise<URLSearchParams> {
  const browser = openBrowser();
  const start = new URL(`${login.callbackUrl}/login/${login.organization}/${login.provider}`);
  const query = { return_to: login.returnTo, state, code_challenge: challenge, code_challenge_method: 'S256' };
  for (const [name, value] of Object.entries(query)) start.searchParams.set(name, value);
  const isApp = (url: URL) => url.href.startsWith(login.returnTo);

  const there = await browser.follow(await browser.get(start.href), isApp);
  if ('home' in there) return there.home.searchParams;
  if (there.page.status !== 200) throw new Error(`the login page answers ${there.page.status}`);
  const submitted = await browser.post(there.page.url, { person: login.person });
  const back = await browser.follow(submitted, isApp);
  if ('home' in back) return back.home.searchParams;
  throw new Error(`the login ended on a page with status ${back.page.status}`);
}
