import type { Series } from '../rows/growth.ts';
import { formatNumber } from './format.ts';

const WIDTH = 640;
const HEIGHT = 300;
const LEFT = 64;
const RIGHT = 616;
const TOP = 48;
const BOTTOM = 250;
const COLOURS = ['#1f5fa8', '#b3541e'];

/** A line chart as SVG. The x axis has a step for each point, because the points are powers apart. */
export function drawSeries({ title, axis, unit, lines }: Series): string {
  const highest = Math.max(...lines.flatMap(({ points }) => points.map(([, y]) => y))) * 1.15 || 1;
  const steps = lines[0]?.points.map(([x]) => x) ?? [];
  const atX = (at: number) => LEFT + ((RIGHT - LEFT) * (at + 0.5)) / steps.length;
  const atY = (value: number) => BOTTOM - ((BOTTOM - TOP) * value) / highest;
  const parts = [
    text(LEFT, 26, title, 'font-size="15" font-weight="600"'),
    ...[0, 0.5, 1].map((share) => grid(atY(highest * share), `${formatNumber(highest * share)} ${unit}`)),
    ...steps.map((x, at) =>
      text(atX(at), BOTTOM + 20, x.toLocaleString('en').replaceAll(',', ' '), 'text-anchor="middle"'),
    ),
    text((LEFT + RIGHT) / 2, BOTTOM + 40, axis, 'text-anchor="middle"'),
    ...lines.flatMap(({ name, points }, which) => {
      const colour = COLOURS[which % COLOURS.length] as string;
      const path = points.map(([, y], at) => `${atX(at).toFixed(1)},${atY(y).toFixed(1)}`).join(' ');
      return [
        `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...points.flatMap(([, y], at) => [
          `<circle cx="${atX(at).toFixed(1)}" cy="${atY(y).toFixed(1)}" r="3.5" fill="${colour}"/>`,
          text(atX(at), atY(y) - 8, formatNumber(y), `text-anchor="middle" fill="${colour}"`),
        ]),
        text(RIGHT - 60 * (lines.length - which), 26, name, `fill="${colour}" font-weight="600"`),
      ];
    }),
  ];
  return frame(title, parts);
}

/** Bars below each other on one scale; where something is to be reached, a line across the bar. */
export function drawBars(title: string, bars: { name: string; value: number; wanted?: number }[]): string {
  const height = 26;
  const highest = Math.max(...bars.map(({ value, wanted = 0 }) => Math.max(value, wanted))) * 1.1 || 1;
  const atX = (value: number) => 280 + ((RIGHT - 280) * value) / highest;
  const parts = bars.flatMap(({ name, value, wanted }, at) => {
    const y = TOP + at * (height + 10);
    return [
      text(270, y + 17, name, 'text-anchor="end"'),
      `<rect x="280" y="${y}" width="${(atX(value) - 280).toFixed(1)}" height="${height}" fill="${COLOURS[0]}"/>`,
      ...(wanted === undefined ? [] : [lineAcross(atX(wanted), y - 3, y + height + 3)]),
      text(Math.min(atX(value) + 6, RIGHT - 45), y + 17, formatNumber(value), ''),
    ];
  });
  return frame(
    title,
    [text(LEFT, 26, title, 'font-size="15" font-weight="600"'), ...parts],
    TOP + bars.length * (height + 10) + 10,
  );
}

function lineAcross(x: number, from: number, to: number): string {
  return `<line x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${from}" y2="${to}" stroke="${COLOURS[1]}" stroke-width="3"/>`;
}

function grid(y: number, label: string): string {
  return `<line x1="${LEFT}" x2="${RIGHT}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" stroke="#d5d5d5"/>${text(LEFT - 6, y + 4, label, 'text-anchor="end"')}`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  const safe = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${safe}</text>`;
}

function frame(title: string, parts: string[], height = HEIGHT): string {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}" font-family="system-ui, sans-serif" font-size="12" fill="#222">`;
  return `${head}\n<rect width="${WIDTH}" height="${height}" fill="#fff"/>\n${parts.join('\n')}\n</svg>\n`;
}
