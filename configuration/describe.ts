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
    `  ${SIGNS[kind]} ${table.title}${label === '' ? '' : ` ${show(label)}`}${fate}`,
    ...columns.map(({ name, from, to }) =>
      kind === 'add' ? `      ${name}: ${show(to)}` : `      ${name}: ${show(from)} -> ${show(to)}`,
    ),
  ];
}

/** A text as it is, but for one that could end the line or steer the terminal. */
function show(value: unknown): string {
  if (value === null || value === undefined) return '(none)';
  return typeof value === 'string' && value.search(HIDDEN) < 0
    ? value
    : JSON.stringify(value).replace(HIDDEN, codePoint);
}

/** What JSON leaves as it is and a terminal may act on. */
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}]/gu;
const codePoint = (character: string) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
