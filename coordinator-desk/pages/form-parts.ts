import { html } from 'hono/html';
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
