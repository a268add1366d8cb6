import { html, raw } from 'hono/html';
import { type Locale, locales } from '../../runtime/language.ts';
import type { Me } from '../api/me.ts';
import type { Assets } from '../http/assets.ts';
import { commonWords } from '../words/common.ts';
import { formatIn } from '../words/format.ts';
import { navigation } from './navigation.ts';

/** What `html` makes: text of which every value put into it is escaped. */
export type Html = ReturnType<typeof html> | '';

export interface LayoutOptions {
  locale: Locale;
  title: string;
  /** What stands in `main`, the `h1` included. */
  content: Html;
  /** The page itself, for the language choice to come back to. */
  path: string;
  assets: Assets;
  /** Undefined: nobody is signed in. */
  me: Me | undefined;
}

/** A whole page. */
export function layout({ locale, title, content, path, assets, me }: LayoutOptions): Html {
  const words = commonWords[locale];
  return html`<!doctype html>
<html lang="${locale}" data-color-scheme="auto">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – ${words.desk}</title>
<link rel="stylesheet" href="${assets.url('designsystemet.css')}">
<link rel="stylesheet" href="${assets.url('theme.css')}">
<link rel="stylesheet" href="${assets.url('desk.css')}">
<link rel="icon" href="data:,">
</head>
<body>
<a class="ds-skip-link" href="#main">${words.skip}</a>
<header class="desk-header">
<div class="desk-bar">
<p class="desk-name">${words.desk}${me === undefined ? '' : html`, ${me.organizations.map(({ name }) => name).join(', ')}`}</p>
${me === undefined ? '' : signedIn(me, locale)}
</div>
${me === undefined ? '' : navigationOf(me, locale, path)}
</header>
<main id="main" tabindex="-1">
${content}
</main>
<footer class="desk-footer">
${languageChoice(locale, path)}
</footer>
</body>
</html>
`;
}

function signedIn({ name }: Me, locale: Locale): Html {
  const words = commonWords[locale];
  return html`<form class="desk-sign-out" method="post" action="/sign-out">
<span>${words.signedInAs(name)}</span>
<button class="ds-button" data-variant="tertiary" data-size="sm" type="submit">${words.signOut}</button>
</form>`;
}

function navigationOf(me: Me, locale: Locale, path: string): Html {
  const words = commonWords[locale];
  const here = path.split('?')[0];
  const items = navigation.map(({ href, label, count }) => {
    const waiting = count?.(me) ?? 0;
    const current = href === here ? raw(' aria-current="page"') : '';
    const told =
      waiting === 0 ? '' : html` <span class="desk-count">(${words.waiting(formatIn(locale).number(waiting))})</span>`;
    return html`<li><a class="ds-link" href="${href}"${current}>${label(locale)}${told}</a></li>`;
  });
  return html`<nav aria-label="${words.pages}"><ul class="desk-nav">${items}</ul></nav>`;
}

function languageChoice(current: Locale, path: string): Html {
  const words = commonWords[current];
  const buttons = locales.map(
    (each) =>
      html`<button class="ds-button" data-variant="tertiary" data-size="sm" type="submit" name="language" value="${each}" lang="${each}"${
        each === current ? raw(' aria-current="true"') : ''
      }>${words.languageNames[each]}</button>`,
  );
  return html`<form method="post" action="/language" aria-label="${words.language}">
<input type="hidden" name="_page" value="${path}">
${buttons}
</form>`;
}
