import { html } from 'hono/html';
import type { Html } from './layout.ts';

/** What is known of one thing, a line each. */
export function facts(lines: [term: string, value: Html | string][]): Html {
  return html`<dl class="desk-facts">${lines.map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}</dl>`;
}
