import { html } from 'hono/html';
import type { Html } from './layout.ts';

export interface TableOptions {
  /** Says what the table holds; names the region that scrolls, too. */
  caption: string;
  heads: string[];
  /** Each a whole `tr`, its first cell a `th` with `scope="row"`. */
  rows: Html[];
}

/** A table that scrolls sideways by itself where the window is narrow. */
export function table({ caption, heads, rows }: TableOptions): Html {
  return html`<div class="desk-scroll" role="region" aria-label="${caption}" tabindex="0"><table class="ds-table" data-border>
<caption>${caption}</caption>
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows}</tbody>
</table></div>`;
}

/** What is known of one thing, a line each. */
export function facts(lines: [term: string, value: Html | string][]): Html {
  return html`<dl class="desk-facts">${lines.map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}</dl>`;
}
