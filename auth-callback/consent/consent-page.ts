import { html } from 'hono/html';
import type { ProviderRow } from '../provider/provider-row.ts';
import { consentLifetime } from './consent-request.ts';
import type { Locale } from './locale.ts';
import { type Html, pageLayout } from './page-layout.ts';
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
  const part = ([heading, body]: typeof text.what) => html`<h2>${heading}</h2>
<p>${body(names)}</p>`;
  const content = html`<p>${text.intro(names)}</p>
${part(text.what)}
${part(text.why)}
${row.captureBasis === null ? '' : html`<p>${text.basis} <span lang="no">${row.captureBasis}</span></p>`}
${part(text.howLong)}
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
