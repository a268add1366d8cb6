import type { MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { chooseLocale, locales } from '../../runtime/language.ts';
import type { ApiConnector } from '../api/connect.ts';
import { call } from '../api/connect.ts';
import { SessionEndedError } from '../api/errors.ts';
import type { DeskContext, DeskEnv } from '../http/desk-context.ts';
import { localPath, readForm } from '../http/form.ts';
import type { BrowserSession } from './browser-session.ts';

const name = '__Host-desk-language';

/** What was chosen in this browser, else what it asks for. */
export const readLanguage: MiddlewareHandler<DeskEnv> = async (c, next) => {
  c.set('browserLocale', chooseLocale(getCookie(c, name), c.req.header('accept-language')));
  await next();
};

interface LanguageRouteOptions {
  browserSession: BrowserSession;
  api: ApiConnector;
}

/** `POST /language`: for this browser, and for the coordinator on any other. */
export function createLanguageRoute({ browserSession, api }: LanguageRouteOptions) {
  return async (c: DeskContext): Promise<Response> => {
    const form = await readForm(c);
    const language = locales.find((locale) => locale === form.text('language'));
    if (language !== undefined) {
      setCookie(c, name, language, { path: '/', secure: true, httpOnly: true, sameSite: 'Lax', maxAge: 31_536_000 });
      const session = await browserSession.open(c).catch(unlessEnded);
      if (session !== undefined) await call(api.connect(session.accessToken).rpc('set_language', { language }));
    }
    return c.redirect(localPath(form.text('_page')), 303);
  };
}

/** Whose session has ended chooses for the browser alone. */
function unlessEnded(error: unknown): undefined {
  if (!(error instanceof SessionEndedError)) throw error;
}
