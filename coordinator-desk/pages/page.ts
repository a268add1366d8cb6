import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Locale } from '../../runtime/language.ts';
import type { Me } from '../api/me.ts';
import type { DeskContext } from '../http/desk-context.ts';
import { type Format, formatIn } from '../words/format.ts';
import { type Html, layout } from './layout.ts';
import { addressToRepeat } from './number-in-search.ts';

/** A page for whoever is signed in. */
export interface Page {
  locale: Locale;
  me: Me;
  format: Format;
  /** Path and query: where a form sent without a session comes back to. */
  path: string;
  show(what: { title: string; content: Html; status?: ContentfulStatusCode }): Response | Promise<Response>;
}

/**
 * @param path where the page is opened from, if not by the address of the request: a page that a form was answered with
 * @throws {SessionEndedError} {AccessRemovedError}
 */
export async function openPage(c: DeskContext, path = addressToRepeat(c.req.url)): Promise<Page> {
  const me = await c.var.me;
  const locale = me.language ?? c.var.browserLocale;
  return {
    locale,
    me,
    format: formatIn(locale),
    path,
    show: ({ title, content, status = 200 }) =>
      c.html(layout({ locale, title, content, path, assets: c.var.assets, me }), status),
  };
}

/** A page for anybody. */
export function showToAnybody(
  c: DeskContext,
  what: { title: string; content: Html; status?: ContentfulStatusCode },
): Response | Promise<Response> {
  const { title, content, status = 200 } = what;
  const options = {
    locale: c.var.browserLocale,
    title,
    content,
    path: addressToRepeat(c.req.url),
    assets: c.var.assets,
    me: undefined,
  };
  return c.html(layout(options), status);
}
