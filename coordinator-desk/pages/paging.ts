import { html } from 'hono/html';
import type { RowPlace } from '../api/row-place.ts';
import { commonWords } from '../words/common.ts';
import type { Html } from './layout.ts';
import type { Page } from './page.ts';

/** To the next page, and back to the first. `address` has no `after`. */
export function paging({ locale }: Page, address: string, next: RowPlace | undefined, atBeginning: boolean): Html {
  if (next === undefined && atBeginning) return '';
  const words = commonWords[locale];
  const target = new URL(address, 'https://desk.invalid');
  if (next !== undefined) target.searchParams.set('after', `${next.time},${next.id}`);
  return html`<p class="desk-actions">
${next === undefined ? '' : html`<a class="ds-button" data-variant="secondary" href="${target.pathname}${target.search}">${words.next}</a>`}
${atBeginning ? '' : html`<a class="ds-link" href="${address}">${words.first}</a>`}
</p>`;
}
