import { html } from 'hono/html';
import { commonWords } from '../words/common.ts';
import type { Html } from './layout.ts';
import type { Page } from './page.ts';

/**
 * Stands in every form: whose it is, and on which page. Sent without a session, what was typed is kept for that person and that page;
 * sent by somebody else, who signed in in another tab, it is refused.
 */
export function formOwner({ me, path }: Page): Html {
  return html`<input type="hidden" name="_who" value="${me.userId}"><input type="hidden" name="_page" value="${path}">`;
}

/**
 * What has just happened, or what must be corrected. The focus goes to it when the page comes: it is the answer to what was done.
 *
 * @param tone `success`, `warning`, `danger` or `info`, said by the heading too
 */
export function resultBox(tone: 'success' | 'warning' | 'danger' | 'info', heading: string, content: Html): Html {
  return html`<div class="ds-alert desk-result" data-color="${tone}" role="group" aria-labelledby="result" tabindex="-1" autofocus>
<h2 class="ds-heading" data-size="xs" id="result">${heading}</h2>
${content}
</div>`;
}

/** What must be corrected, each a link to its field in the words that stand there; the page's title begins with the word for error. */
export function errorSummary({ locale }: Page, faults: { href: string; text: string }[]): Html {
  return html`<div class="ds-error-summary" role="group" aria-labelledby="faults" tabindex="-1" autofocus>
<h2 class="ds-heading" data-size="xs" id="faults">${commonWords[locale].somethingWrong}</h2>
<ul>${faults.map(({ href, text }) => html`<li><a class="ds-link" href="${href}">${text}</a></li>`)}</ul>
</div>`;
}
