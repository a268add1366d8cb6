import { html } from 'hono/html';
import type { Html } from './layout.ts';

/** Its head, and its cells. */
export type TableRow = [head: Html | string, ...cells: (Html | string)[]];

/**
 * A table of data: a caption, heads for its columns, and in each row a head and cells. It scrolls by itself on a narrow screen, by keyboard
 * too.
 */
export function dataTable(caption: string, heads: string[], rows: TableRow[]): Html {
  return html`<div class="desk-scroll" role="region" aria-label="${caption}" tabindex="0"><table class="ds-table" data-border>
<caption>${caption}</caption>
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows.map(([head, ...cells]) => html`<tr><th scope="row">${head}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
</table></div>`;
}
