import { html } from 'hono/html';
import { commonWords } from '../words/common.ts';
import type { Html } from './layout.ts';
import type { Page } from './page.ts';

/** Where a page of a list begins: behind this row, in the list's own order. */
export interface RowPlace {
  /** ISO 8601. */
  time: string;
  id: string;
}

/** Of `?after=time,id`; anything else begins at the beginning. */
export function readPlace(after: string | undefined): RowPlace | undefined {
  const [time = '', id = ''] = after?.split(',') ?? [];
  return /^[0-9T:.+Z-]{10,40}$/.test(time) && !Number.isNaN(Date.parse(time)) && /^[0-9a-f-]{36}$/.test(id)
    ? { time, id }
    : undefined;
}

/** PostgREST's filter for what comes after a place, the newest first. */
export function olderThan(column: string, id: string, place: RowPlace): string {
  return `${column}.lt."${place.time}",and(${column}.eq."${place.time}",${id}.lt.${place.id})`;
}

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
