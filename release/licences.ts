import type { Package } from './packages.ts';

/**
 * Licences that allow any use, also inside what is sold and not published, and ask for no more than their own text beside it. The last one is
 * of the font: it may not be sold by itself.
 */
const allowed = new Set([
  ...['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0', 'Python-2.0', 'PSF-2.0'],
  'OFL-1.1',
]);

/** @returns the packages whose licence is not one of those above, or that name none */
export function notAllowed(packages: readonly Package[]): Package[] {
  return packages.filter(({ licence }) => licence === null || !allowed.has(licence));
}

/** A page with every package, its version and its licence. The licences' texts are in the packages themselves. */
export function licencePage(packages: readonly Package[]): string {
  const counts = new Map<string, number>();
  for (const { licence } of packages) counts.set(licence ?? '-', (counts.get(licence ?? '-') ?? 0) + 1);
  const sums = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([licence, count]) => `${licence} ${count}`);
  return [
    '# Licences of the packages in the image',
    '',
    `${packages.length} packages: ${sums.join(', ')}. Their texts are in the image, under \`/app/node_modules\`. Our own licence is MIT.`,
    '',
    '| package | version | licence | in the image |',
    '| --- | --- | --- | --- |',
    ...packages.map(({ name, version, licence, path }) => `| ${name} | ${version} | ${licence ?? '-'} | ${path} |`),
    '',
  ].join('\n');
}
