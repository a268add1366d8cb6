import { createHash, randomBytes } from 'node:crypto';
import { type LoginResult, redeemCode } from './app/login.ts';
import { type Browser, openBrowser, readPageForm } from './browser.ts';

export type ScriptedLogin = {
  callbackUrl: string;
  organization: string;
  provider: string;
  returnTo: string;
  /** Id of the person to choose at the local provider. */
  person: string;
  /** What the person answers where a page asks for consent, the provider's or our own. */
  consent?: 'yes' | 'no';
};

type Visitor = Pick<ScriptedLogin, 'returnTo' | 'person' | 'consent'>;

/** Pages with a form between start and return: login, consent, and one that only leads on. */
const MOST_PAGES = 4;

/**
 * Logs a person in over HTTP as an app with a browser would: start, the provider's pages and ours, callback, token.
 * Throws an Error where the flow breaks off in any other way than with an answer for the app.
 */
export async function logIn(login: ScriptedLogin): Promise<LoginResult> {
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  const answer = await visitPages(login, state, createHash('sha256').update(verifier).digest('base64url'));
  if (answer.get('state') !== state) throw new Error('the answer has another state');
  const error = answer.get('error');
  if (error !== null) return { status: 'refused', error };
  return redeemCode(login.callbackUrl, answer.get('code') ?? '', verifier);
}

async function visitPages(login: ScriptedLogin, state: string, challenge: string): Promise<URLSearchParams> {
  const start = new URL(`${login.callbackUrl}/login/${login.organization}/${login.provider}`);
  const query = { return_to: login.returnTo, state, code_challenge: challenge, code_challenge_method: 'S256' };
  for (const [name, value] of Object.entries(query)) start.searchParams.set(name, value);
  return (await visit(start, login)).searchParams;
}

/** A person's way through all the pages between an app's link and the app's own address, which is answered. */
export async function visit(start: URL, login: Visitor): Promise<URL> {
  const browser = openBrowser();
  const isApp = (url: URL) => url.href.startsWith(login.returnTo);

  let step = await browser.follow(await browser.get(start.href), isApp);
  for (let pages = 0; pages < MOST_PAGES && 'page' in step; pages += 1) {
    step = await browser.follow(await fillIn(browser, step.page, login), isApp);
  }
  if ('home' in step) return step.home;
  throw new Error(`the login did not end after ${MOST_PAGES} pages`);
}

async function fillIn(browser: Browser, page: Response, { person, consent = 'yes' }: Visitor): Promise<Response> {
  if (page.status !== 200) throw new Error(`the login ended on a page with status ${page.status}`);
  const form = readPageForm(await page.text(), page.url);
  if (form === undefined) throw new Error('the login ended on a page without a form');
  const fields = { ...form.fields };
  if ('person' in fields) fields.person = person;
  if ('answer' in fields) fields.answer = consent;
  return browser.post(form.action.href, fields);
}
