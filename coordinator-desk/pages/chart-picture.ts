import { html } from 'hono/html';
import type { Html } from './layout.ts';
import type { Page } from './page.ts';

/** What a picture shows. The same figures stand in a table beside it. */
export interface Picture {
  /** Of its elements on the page. */
  name: string;
  title: string;
  /** Each a panel of bars. Null: nobody counted then. */
  series: { label: string; values: (number | null)[] }[];
  /** What stands under the bars, in full, and as short as it fits. */
  rows: { label: string; short: string }[];
  /** The picture in words. */
  description: string;
}

const width = 720;
const panelHeight = 130;
const barSpace = 84;

/**
 * A panel of bars for each series, one below the other under its name, all on one scale: which bar is which, a word says and no colour.
 * Each bar has its figure above it. The picture in words is its description. On a narrow screen it scrolls by itself.
 */
export function picture({ format }: Page, { name, title, series, rows, description }: Picture): Html {
  const most = Math.max(1, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const step = width / Math.max(1, rows.length);
  const panels = series.map(({ label, values }, nth) => {
    const top = nth * panelHeight;
    const ground = top + 24 + barSpace;
    const bars = values.map((value, at) => {
      const middle = at * step + step / 2;
      const height = value === null ? 0 : Math.round((value / most) * (barSpace - 16));
      return html`${value === null ? '' : html`<rect class="desk-value" x="${middle - step * 0.3}" y="${ground - height}" width="${step * 0.6}" height="${height}"/><text class="desk-figure" x="${middle}" y="${ground - height - 4}">${format.number(value)}</text>`}<text class="desk-figure" x="${middle}" y="${ground + 14}">${rows[at]?.short ?? ''}</text>`;
    });
    return html`<text class="desk-panel" x="0" y="${top + 14}">${label}</text><line class="desk-ground" x1="0" x2="${width}" y1="${ground}" y2="${ground}"/>${bars}`;
  });
  return html`<div class="desk-scroll" role="region" aria-label="${title}" tabindex="0"><svg class="desk-chart" viewBox="0 0 ${width} ${series.length * panelHeight}" role="img" aria-labelledby="${name}-title ${name}-words">
<title id="${name}-title">${title}</title>
<desc id="${name}-words">${description}</desc>
${panels}
</svg></div>`;
}
