import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import { type Locale, locales } from '../../runtime/language.ts';
import type { ProviderRow } from '../provider/provider-row.ts';
import { consentLifetime } from './consent-request.ts';
import { describeRetention, type QuestionNames, texts } from './texts.ts';

/**
 * Our own question: what is stored, why, how long, yes or no. A plain form that works without script; both answers look
 * alike, so that neither is pressed on anybody.
 *
 * @param requestId goes back with the answer
 */
export function consentPage(row: ProviderRow, requestId: string, locale: Locale): Html {
  const names = questionNames(row, locale);
  const text = texts[locale];
  const section = ([heading, body]: typeof text.what) => html`<h2>${heading}</h2>
<p>${body(names)}</p>`;
  const content = html`<p>${text.intro(names)}</p>
${section(text.what)}
${section(text.why)}
${row.captureBasis === null ? '' : html`<p>${text.basis} <span lang="no">${row.captureBasis}</span></p>`}
${section(text.howLong)}
<p><strong>${text.voluntary}</strong></p>
<form method="post" action="?">
<input type="hidden" name="request" value="${requestId}">
<input type="hidden" name="lang" value="${locale}">
<button type="submit" name="answer" value="yes">${text.yes}</button>
<button type="submit" name="answer" value="no">${text.no}</button>
</form>
<p>${text.timeLimit(names)}</p>`;
  const link = (other: Locale) => `?request=${encodeURIComponent(requestId)}&lang=${other}`;
  return pageLayout(locale, text.title(names), content, link);
}

/** Sends the browser on to the provider's question with a form: what it holds must not stand in an address. */
export function onwardPage(row: ProviderRow, form: { action: URL; fields: [string, string][] }, locale: Locale): Html {
  const names = questionNames(row, locale);
  const { onward } = texts[locale];
  const fields = form.fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
  const content = html`<p>${onward.text(names)}</p>
<form method="post" action="${form.action.href}">
${fields}
<button type="submit">${onward.button(names)}</button>
</form>`;
  return pageLayout(locale, onward.title(names), content);
}

const providerNames: Record<string, string> = { vipps: 'Vipps', bankid: 'BankID', idporten: 'ID-porten' };

function questionNames(row: ProviderRow, locale: Locale): QuestionNames {
  return {
    organization: row.organizationName,
    provider: providerNames[row.provider] ?? row.provider,
    retention: describeRetention(row.retention ?? '', locale),
    minutes: consentLifetime / 60,
  };
}

/** What `html` makes: text of which every value put into it is escaped. */
type Html = ReturnType<typeof html>;

const style = `
:root { color-scheme: light dark; }
* { box-sizing: border-box; }
body { margin: 0; overflow-wrap: anywhere; font: 1.125rem/1.6 system-ui, sans-serif; color: #1a1a1a; background: #fff; }
nav, main { max-width: 40rem; margin: 0 auto; padding: 1rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; margin: 0; padding: 0; list-style: none; }
nav a { display: inline-block; padding: .6rem 0; }
h1 { font-size: 1.75rem; line-height: 1.25; }
h2 { font-size: 1.25rem; margin: 1.5rem 0 0; }
p { margin: .5rem 0; }
a { color: #003d82; }
a[aria-current] { color: inherit; font-weight: bold; text-decoration: none; }
form { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.5rem 0; }
button { flex: 1 1 16rem; min-height: 3.25rem; padding: .75rem 1.25rem; font: inherit; font-weight: bold;
  color: #fff; background: #003d82; border: 2px solid #003d82; border-radius: .5rem; cursor: pointer; }
:focus-visible { outline: 4px solid #b8003a; outline-offset: 3px; }
@media (prefers-color-scheme: dark) {
  body { color: #f2f2f2; background: #161616; }
  a { color: #9cc8ff; }
  button { color: #10161d; background: #9cc8ff; border-color: #9cc8ff; }
  :focus-visible { outline-color: #ffb3c8; }
}
`;

const styleHash = createHash('sha256').update(style).digest('base64');

/**
 * The policy of a page with a form: no script, no image, nothing from elsewhere, our one style sheet by its hash.
 *
 * @param formAction where the form may lead. Some browsers hold the redirects that answer it against this too, so that
 *   all of them have to be named.
 */
export function pagePolicy(formAction: string[]): string {
  return [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    `form-action ${formAction.join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

/** A scheme or an origin as a source of a content security policy; a native app's own scheme has no origin. */
export function policySource(address: string): string {
  const { protocol, origin } = new URL(address);
  return protocol === 'https:' || protocol === 'http:' ? origin : protocol;
}

/**
 * A whole page.
 *
 * @param languageLink where the same page is in another language; undefined: it has no address of its own
 */
function pageLayout(locale: Locale, title: string, content: Html, languageLink?: (locale: Locale) => string): Html {
  return html`<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${raw(style)}</style>
</head>
<body>
${languageLink === undefined ? '' : languageChoice(locale, languageLink)}
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`;
}

function languageChoice(current: Locale, link: (locale: Locale) => string): Html {
  const items = locales.map(
    (each) =>
      html`<li><a href="${link(each)}" lang="${each}" hreflang="${each}"${
        each === current ? raw(' aria-current="true"') : ''
      }>${texts[each].language}</a></li>`,
  );
  return html`<nav aria-label="${texts[current].chooseLanguage}"><ul>${items}</ul></nav>`;
}
