import type { Frame } from './fold.ts';

const WIDTH = 1_200;
const ROW = 16;
const TOP = 44;
// Narrower than this nothing can be read or pointed at.
const NARROWEST = 2;

/** Whose code it is. */
function colourOf({ module }: Frame): string {
  if (module.startsWith('plpgsql')) return '#9cc58a';
  if (module.startsWith('[kernel')) return '#e2b08f';
  if (module === 'postgres') return '#9dbde0';
  return '#cfcfcf';
}

/** A flame graph as SVG: wider is more samples, above is called by below. Names appear in full when pointed at. */
export function drawFlames(title: string, root: Frame): string {
  const parts: string[] = [];
  let depth = 0;
  const place = (frame: Frame, x: number, level: number) => {
    const width = (frame.samples / root.samples) * WIDTH;
    if (width < NARROWEST) return;
    depth = Math.max(depth, level);
    parts.push(box(frame, x, level, width, root.samples));
    let left = x;
    for (const each of [...frame.calls.values()].toSorted((a, b) => b.samples - a.samples)) {
      place(each, left, level + 1);
      left += (each.samples / root.samples) * WIDTH;
    }
  };
  place(root, 0, 0);
  const height = TOP + (depth + 1) * ROW + 4;
  const heading = `${title}; ${root.samples.toLocaleString('en')} samples of its sessions`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeXml(heading)}" font-family="system-ui, sans-serif" font-size="11" fill="#222">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="8" y="20" font-size="15" font-weight="600">${escapeXml(heading)}</text>`,
    `<text x="8" y="36">blue: PostgreSQL, green: PL/pgSQL, orange: Linux</text>`,
    // Drawn from above, so that what calls stands below what is called.
    `<g transform="translate(0 ${height - ROW - 4})">`,
    ...parts,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function box(frame: Frame, x: number, level: number, width: number, all: number): string {
  const y = -level * ROW;
  const share = `${((frame.samples / all) * 100).toFixed(1)} %`;
  const letters = Math.floor((width - 4) / 6.2);
  const name = frame.name.length > letters ? `${frame.name.slice(0, Math.max(letters - 1, 0))}…` : frame.name;
  const label = letters < 3 ? '' : `<text x="${(x + 2).toFixed(1)}" y="${y + 11}">${escapeXml(name)}</text>`;
  const shape = `<rect x="${x.toFixed(1)}" y="${y}" width="${(width - 0.5).toFixed(1)}" height="${ROW - 1}" fill="${colourOf(frame)}"/>`;
  return `<g><title>${escapeXml(frame.name)} ${share}</title>${shape}${label}</g>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
