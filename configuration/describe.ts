import type { Difference } from './compare.ts';
import { organizationTable } from './tables.ts';

const SIGNS = { add: '+', change: '~', extra: '-' };

/**
 * @param prune whether rows that the file does not have are removed
 * @returns lines for a person: what would be added (+), changed (~), removed or left (-)
 */
export function describeDifferences(differences: readonly Difference[], prune: boolean): string[] {
  const organizations = [...new Set(differences.map(({ organization }) => organization))];
  return organizations.flatMap((organization) => [
    organization,
    ...differences.filter((each) => each.organization === organization).flatMap((each) => describe(each, prune)),
  ]);
}

function describe({ kind, table, label, columns }: Difference, prune: boolean): string[] {
  const fate =
    kind !== 'extra'
      ? ''
      : table === organizationTable
        ? ': not in the file; an organisation is never removed'
        : prune
          ? ': not in the file; removed'
          : ': not in the file; stays (--prune removes it)';
  return [
    `  ${SIGNS[kind]} ${table.title}${label === '' ? '' : ` ${label}`}${fate}`,
    ...columns.map(({ name, from, to }) =>
      kind === 'add' ? `      ${name}: ${show(to)}` : `      ${name}: ${show(from)} -> ${show(to)}`,
    ),
  ];
}

function show(value: unknown): string {
  return value === null || value === undefined ? '(none)' : typeof value === 'string' ? value : JSON.stringify(value);
}
