import type { Hono } from 'hono';
import { html } from 'hono/html';
import { createBoundCookie } from '../../runtime/http/bound-cookie.ts';
import type { Logger } from '../../runtime/logger.ts';
import { sameText } from '../../runtime/same-text.ts';
import { SignInUnavailableError } from '../api/errors.ts';
import type { DeskOrganization } from '../config.ts';
import type { DeskContext, DeskEnv } from '../http/desk-context.ts';
import { localPath } from '../http/form.ts';
import type { Metrics } from '../http/metrics.ts';
import { showToAnybody } from '../pages/page.ts';
import { sessionWords } from '../words/session.ts';
import type { Session, SessionCookie } from './session-cookie.ts';
import { type SignIn, SignInRefusedError, type SignInTransaction } from './sign-in.ts';

export interface SignInRouteOptions {
  organizations: DeskOrganization[];
  sessions: SessionCookie;
  signIn: SignIn;
  metrics: Metrics;
}

/** One cookie for each sign-in under way, so that two tabs do not spoil each other. */
const cookie = createBoundCookie('signin', 4);
/** Seconds in which a sign-in must be finished: as long as the callback gives it. */
const lifetime = 600;

/** `/sign-in`, `/sign-in/{organization}`, `/signed-in` (back from the callback), `/sign-out`, `/signed-out`. */
export function addSignIn(app: Hono<DeskEnv>, options: SignInRouteOptions): void {
  const { organizations, sessions, signIn, metrics } = options;

  app.get('/sign-in', (c) => signInPage(c, organizations));

  app.get('/sign-in/:organization', async (c) => {
    const chosen = organizations.find(({ slug }) => slug === c.req.param('organization'));
    if (chosen === undefined) return c.notFound();
    const page = localPath(c.req.query('page'));
    const { url, transaction } = await signIn.begin(chosen.slug, page).catch(unavailable);
    cookie.write(c, transaction.state, await signIn.transactions.seal(transaction), lifetime);
    return c.redirect(url.href, 302);
  });

  app.get('/signed-in', async (c) => {
    const transaction = await openTransaction(c, signIn);
    if (transaction === undefined) return refusedPage(c, 'stale');
    try {
      const session = await signIn.complete(new URL(c.req.url), transaction);
      await sessions.write(c, session);
      metrics.session({ event: 'signed_in' });
      return c.redirect(transaction.page, 303);
    } catch (error) {
      if (!(error instanceof SignInRefusedError)) return unavailable(error);
      metrics.session({ event: 'refused' });
      c.var.log.info({ event: 'sign_in_refused', code: error.code }, 'nobody was signed in');
      return refusedPage(c, error.code, transaction);
    }
  });

  app.post('/sign-out', async (c) => {
    const session = await sessions.read(c);
    sessions.clear(c);
    if (session !== undefined) await endAtCallback(session, signIn, c.var.log);
    metrics.session({ event: 'signed_out' });
    return c.redirect('/signed-out', 303);
  });

  app.get('/signed-out', (c) => {
    const words = sessionWords[c.var.browserLocale];
    const content = html`<h1 class="ds-heading" data-size="lg">${words.signedOut}</h1>
<p>${words.signedOutText}</p>
<p><a class="ds-link" href="/sign-in">${words.signInAgain}</a></p>`;
    return showToAnybody(c, { title: words.signedOut, content });
  });
}

function unavailable(cause: unknown): never {
  throw new SignInUnavailableError('the callback does not answer', { cause });
}

/** The browser has forgotten the session whatever comes of this. */
async function endAtCallback(session: Session, signIn: SignIn, log: Logger): Promise<void> {
  await signIn.end(session).catch((error: unknown) => {
    log.warn({ event: 'not_revoked', err: error }, 'the session could not be ended at the callback');
  });
}

async function openTransaction(c: DeskContext, signIn: SignIn): Promise<SignInTransaction | undefined> {
  const state = c.req.query('state');
  if (state === undefined) return undefined;
  const sealed = cookie.read(c, state);
  cookie.clear(c, state);
  if (sealed === undefined) return undefined;
  const transaction = await signIn.transactions.unseal(sealed).catch(() => undefined);
  if (transaction === undefined || !sameText(transaction.state, state)) return undefined;
  return Date.now() / 1000 - transaction.startedAt > lifetime ? undefined : transaction;
}

function signInPage(c: DeskContext, organizations: DeskOrganization[]): Response | Promise<Response> {
  const words = sessionWords[c.var.browserLocale];
  const why = c.req.query('why');
  const told = why === 'kept' ? words.kept : why === 'ended' ? words.ended : undefined;
  const page = new URLSearchParams({ page: localPath(c.req.query('page')) });
  const links = organizations.map(
    ({ slug, name }) => html`<li><a class="ds-button" href="/sign-in/${slug}?${page}">${words.signInAt(name)}</a></li>`,
  );
  const content = html`<h1 class="ds-heading" data-size="lg">${words.title}</h1>
${told === undefined ? '' : html`<div class="ds-alert" data-color="warning"><p>${told}</p></div>`}
<p>${words.intro}</p>
${organizations.length === 1 ? '' : html`<h2 class="ds-heading" data-size="sm">${words.choose}</h2>`}
<ul class="desk-plain">${links}</ul>
<p>${words.inactivity}</p>`;
  return showToAnybody(c, { title: words.title, content });
}

function refusedPage(c: DeskContext, code: string, transaction?: SignInTransaction): Response | Promise<Response> {
  const words = sessionWords[c.var.browserLocale];
  const known: Record<string, string> = words.refused;
  const text = Object.hasOwn(known, code) ? known[code] : words.refused.login_failed;
  const page = new URLSearchParams({ page: transaction?.page ?? '/' });
  const content = html`<h1 class="ds-heading" data-size="lg">${words.refusedTitle}</h1>
<p>${text}</p>
<p><a class="ds-link" href="/sign-in?${page}">${words.signInAgain}</a></p>`;
  return showToAnybody(c, { title: words.refusedTitle, content, status: code === 'stale' ? 400 : 403 });
}
